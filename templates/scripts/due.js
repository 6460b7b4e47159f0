
// Days left are counted anew by the reader's clock: the page may be old. At home what has passed comes last.
document.addEventListener("DOMContentLoaded", () => {
  const words = new Intl.RelativeTimeFormat("en");
  const today = Date.parse(new Date().toISOString().slice(0, 10));
  const list = document.querySelector("#retiring");
  const shown = list?.querySelectorAll("li:not([hidden])").length;
  for (const due of document.querySelectorAll(".due")) {
    const days = Math.round((Date.parse(due.parentElement.querySelector("time").dateTime) - today) / 864e5);
    due.textContent = days > 0 ? words.format(days, "day") : days ? "passed" : "today";
    if (days < 0) list?.append(due.closest("li"));
  }
  [...list?.children ?? []].forEach((item, n) => { item.hidden = n >= shown; });
});
