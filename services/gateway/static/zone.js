// Where the visitor's clock shows another time than the page, their own is put beside each.
// The page's times stay as they are: what was agreed is Finnish time.
(() => {
  const words = document.getElementById("own-time");
  if (!words || !window.Intl) return;
  const tongue = document.documentElement.lang;
  const clock = (zone) => new Intl.DateTimeFormat(tongue, { weekday: "short", hour: "numeric", minute: "2-digit", timeZone: zone });
  const hour = new Intl.DateTimeFormat(tongue, { hour: "numeric", minute: "2-digit" });
  const day = (zone) => new Intl.DateTimeFormat("en", { day: "numeric", timeZone: zone });
  const agreed = words.dataset.zone;
  const beside = () => {
    for (const time of document.querySelectorAll("main time[datetime*='T']:not([data-own])")) {
      time.dataset.own = "";
      const at = new Date(time.dateTime);
      if (clock(agreed).format(at) === clock(undefined).format(at)) continue;
      const own = day(agreed).format(at) === day(undefined).format(at) ? hour : clock(undefined);
      const said = document.createElement("span");
      said.className = "own-time";
      said.textContent = " " + words.dataset.words.replace("HERE", own.format(at));
      time.append(said);
      words.hidden = false;
    }
  };
  beside();
  const live = document.getElementById("live");
  if (live) new MutationObserver(beside).observe(live, { childList: true });
})();
