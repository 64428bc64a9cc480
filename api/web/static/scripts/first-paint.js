// Before anything is painted: the theme that was chosen, so that no dark page flashes light. The only script that the page waits for;
// what it sets, theme.js keeps up.
{
  const chosen = localStorage.getItem("suanli.theme");
  const dark = chosen === "dark" || (chosen !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
}
