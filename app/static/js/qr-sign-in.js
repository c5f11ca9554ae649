// A code waits to be confirmed on a phone: ask every two seconds, no longer than the code lasts, then go on or look again.
export function setUpQrSignIn(root) {
  const waiting = root.querySelector("[data-qr]");
  const finish = root.querySelector("form[data-qr-finish]");
  if (!finish) return;
  if (!waiting) return finish.requestSubmit(); // confirmed already
  const end = Date.now() + (Number(waiting.dataset.qrSeconds) + 1) * 1000;
  const ask = async () => {
    if (Date.now() > end) return location.reload();
    try {
      const answer = await fetch(waiting.dataset.qr, { headers: { Accept: "application/json" } });
      const { state } = await answer.json();
      if (state === "confirmed") return finish.requestSubmit();
      if (state !== "waiting") return location.reload();
    } catch {
      // the network is away for a moment: ask again
    }
    setTimeout(ask, 2000);
  };
  setTimeout(ask, 2000);
}
