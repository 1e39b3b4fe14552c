/** Owns the page's configuration: the JSON that the server put into the page. */

function read() {
  const element = typeof document === "undefined" ? null : document.getElementById("podlife-config");
  return element ? JSON.parse(element.textContent) : { texts: {} };
}

export const config = {
  sandbox: "main",
  language: "en",
  texts: {},
  notation: [],
  is_local: true,
  ws_path: "/ws/s/",
  api_path: "/api/",
  csrf: "",
  ...read(),
};
