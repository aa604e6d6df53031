// Puts the Jitsi frame into the page. The plain link beside it stays, whatever happens here.
(() => {
  const place = document.getElementById("frame");
  if (!place || !place.dataset.script) return;
  const facts = place.dataset;
  const leave = document.getElementById("leave");
  const script = document.createElement("script");
  script.src = facts.script;
  script.onload = () => {
    place.hidden = false;
    const api = new window.JitsiMeetExternalAPI(facts.domain, {
      roomName: facts.room,
      jwt: facts.jwt,
      lang: facts.lang,
      parentNode: place,
      width: "100%",
      height: "100%",
      configOverwrite: {
        prejoinConfig: { enabled: true, hideDisplayName: true },
        readOnlyName: true,
        disableProfile: true,
        disableInviteFunctions: true,
        disableDeepLinking: true,
        ...(facts.soundOnly ? { startAudioOnly: true, startWithVideoMuted: true } : {}),
        ...(facts.quiet ? { startWithAudioMuted: true, startWithVideoMuted: true } : {}),
      },
    });
    api.getIFrame().title = facts.title;
    if (leave) api.addListener("readyToClose", () => leave.requestSubmit());
  };
  document.head.append(script);
})();
