// Tries camera, microphone, sound and connection. Nothing that is seen or heard leaves the browser.
// The words stand in the page; this file only chooses which of them to show.
(() => {
  const tests = document.getElementById("tests");
  if (!tests) return;
  tests.hidden = false;
  document.getElementById("without").hidden = true;

  const REASONS = { NotAllowedError: "denied", SecurityError: "denied", NotFoundError: "missing",
    OverconstrainedError: "missing", NotReadableError: "busy", AbortError: "busy" };
  const part = (name) => tests.querySelector(`[data-test="${name}"]`);
  const say = (where, outcome) => {
    for (const words of where.querySelectorAll("[data-outcome]")) words.hidden = words.dataset.outcome !== outcome;
  };
  const on = (where, what, act) => where.querySelector(what).addEventListener("click", () => act().catch((error) => say(where, REASONS[error.name] || "other")));
  const ask = (wish) => {
    if (!navigator.mediaDevices) throw new Error("no devices");
    return navigator.mediaDevices.getUserMedia(wish);
  };
  const turnedOn = (where, isOn) => {
    where.querySelector("[data-start]").hidden = isOn;
    where.querySelector("[data-stop]").hidden = !isOn;
    where.querySelector(isOn ? "[data-stop]" : "[data-start]").focus();
  };
  const stop = (stream) => stream && stream.getTracks().forEach((track) => track.stop());

  const camera = part("camera");
  const picture = camera.querySelector("video");
  on(camera, "[data-start]", async () => {
    picture.srcObject = await ask({ video: true });
    picture.hidden = false;
    await picture.play();
    turnedOn(camera, true);
    say(camera, "works");
  });
  on(camera, "[data-stop]", async () => {
    stop(picture.srcObject);
    picture.srcObject = null;
    picture.hidden = true;
    turnedOn(camera, false);
    say(camera, "");
  });

  const microphone = part("microphone");
  const level = microphone.querySelector("meter");
  let listening = null;
  on(microphone, "[data-start]", async () => {
    const stream = await ask({ audio: true });
    const context = new AudioContext();
    const ear = context.createAnalyser();
    context.createMediaStreamSource(stream).connect(ear);
    const heard = new Uint8Array(ear.fftSize);
    const begun = Date.now();
    let told = "listening";
    say(microphone, told);
    const timer = setInterval(() => {
      ear.getByteTimeDomainData(heard);
      const loud = Math.min(100, Math.max(...heard.map((value) => Math.abs(value - 128))) * 2);
      level.value = loud;
      const next = loud > 12 ? "works" : told === "listening" && Date.now() - begun > 6000 ? "silent" : told;
      if (next !== told) say(microphone, (told = next));
    }, 100);
    listening = () => { clearInterval(timer); stop(stream); context.close(); };
    level.closest("[data-level]").hidden = false;
    turnedOn(microphone, true);
  });
  on(microphone, "[data-stop]", async () => {
    listening();
    level.closest("[data-level]").hidden = true;
    turnedOn(microphone, false);
    say(microphone, "");
  });

  const sound = part("sound");
  on(sound, "[data-start]", async () => {
    const context = new AudioContext();
    await context.resume();
    [392, 494, 587].forEach((pitch, number) => {
      const note = context.createOscillator();
      const volume = context.createGain();
      const from = context.currentTime + number * 0.45;
      note.frequency.value = pitch;
      volume.gain.setValueAtTime(0.25, from);
      volume.gain.linearRampToValueAtTime(0, from + 0.4);
      note.connect(volume).connect(context.destination);
      note.start(from);
      note.stop(from + 0.4);
    });
    say(sound, "");
    sound.querySelector("[data-ask]").hidden = false;
    setTimeout(() => context.close(), 2500);
  });
  for (const answer of sound.querySelectorAll("[data-say]")) {
    answer.addEventListener("click", () => say(sound, answer.dataset.say));
  }

  const connection = part("connection");
  on(connection, "[data-start]", async () => {
    if (!window.RTCPeerConnection || !navigator.mediaDevices) return say(connection, "old");
    const from = connection.querySelector("[data-start]").dataset.from;
    const times = [];
    try {
      for (let number = 0; number < 6; number += 1) {
        const begun = performance.now();
        await (await fetch(from, { cache: "no-store", credentials: "omit" })).arrayBuffer();
        times.push(performance.now() - begun);
      }
    } catch {
      return say(connection, "gone");
    }
    times.sort((one, other) => one - other);
    say(connection, times[4] < 400 ? "works" : "slow");
  });
})();
