// The answer is put into the page that asked for it, so that a chosen file stays chosen. Without scripts, forms work as well.
const form = document.querySelector("form");
form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = form.querySelector("button"), words = button.textContent, sent = new FormData(form);
  let answer = document.querySelector("#answer");
  button.disabled = true;
  button.textContent = "Working ...";
  answer.className = "old";
  try {
    const reply = await fetch(location.href, { method: "POST", body: sent });
    const page = new DOMParser().parseFromString(await reply.text(), "text/html");
    const found = page.querySelector("#answer") ?? page.body;
    answer.replaceChildren(...[...found.childNodes].map((node) => document.adoptNode(node)));
  } catch {
    answer.replaceChildren("No answer came. Is dilatednets play still running?");
  }
  answer.className = "";
  button.disabled = false;
  button.textContent = words;
});
