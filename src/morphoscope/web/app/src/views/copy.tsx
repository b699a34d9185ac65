import { useState } from "preact/hooks";

export function Copy({ text, what, title = `copy the ${what}` }: { text: string; what: string; title?: string }) {
  const [said, setSaid] = useState("");
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setSaid("copied");
    } catch {
      prompt(`Copy the ${what}:`, text); // where a page may not use the clipboard
    }
    setTimeout(() => setSaid(""), 2000);
  };
  return <button type="button" aria-label={title} onClick={() => void copy()}>{said || title}</button>;
}
