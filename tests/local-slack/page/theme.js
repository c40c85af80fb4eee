// Not a module: it runs before the first paint, so that the page never flashes in the other theme.
(() => {
  const forced = new URLSearchParams(location.search).get("theme");
  const stored = localStorage.getItem("local-slack.theme");
  const theme = [forced, stored].find((name) => name === "dark" || name === "light");
  if (theme) document.documentElement.dataset.theme = theme;
})();
