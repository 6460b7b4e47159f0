
// Days left are counted anew by the reader's clock: the page may be old. In a list what has passed comes last.
document.addEventListener("DOMContentLoaded", () => {
  const words = new Intl.RelativeTimeFormat("en");
  const today = Date.parse(new Date().toISOString().slice(0, 10));
  for (const due of document.querySelectorAll(".due")) {
    const days = Math.round((Date.parse(due.parentElement.querySelector("time").dateTime) - today) / 864e5);
    due.textContent = days > 0 ? words.format(days, "day") : days ? "passed" : "today";
    const item = due.closest("li");
    if (days < 0) item?.parentElement.append(item);
  }
});
