// Something is being made in the background: look again after a while, as long as the page is in sight.
export function setUpRefresh(root) {
  const waiting = root.querySelector("[data-refresh]");
  if (!waiting) return;
  const again = () => (document.hidden ? setTimeout(again, 1000) : location.reload());
  setTimeout(again, Number(waiting.dataset.refresh) * 1000);
}
