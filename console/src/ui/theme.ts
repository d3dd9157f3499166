import { useState } from "react";

type Theme = "light" | "dark";

/** Set before the first paint by theme.js. */
const current = (): Theme => (document.documentElement.dataset["theme"] === "dark" ? "dark" : "light");

export function useTheme(): readonly [theme: Theme, toggle: () => void] {
  const [theme, remember] = useState(current);
  return [
    theme,
    () => {
      const other = current() === "dark" ? "light" : "dark";
      document.documentElement.dataset["theme"] = other;
      localStorage.setItem("theme", other);
      remember(other);
    },
  ];
}
