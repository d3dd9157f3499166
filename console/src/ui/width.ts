import { type RefObject, useLayoutEffect, useRef, useState } from "react";

/** The width that an element has, for whoever draws by it. */
export function useWidth<E extends HTMLElement = HTMLDivElement>(): [number, RefObject<E>] {
  const box = useRef<E>(null);
  const [width, setWidth] = useState(1_000);
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    const look = (): void => setWidth(element.clientWidth);
    const resized = new ResizeObserver(look);
    look();
    resized.observe(element);
    return () => resized.disconnect();
  }, []);
  return [width, box];
}
