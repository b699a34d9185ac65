export function App() {
  return (
    <header class="head">
      <h1>Morphoscope</h1>
    </header>
  );
}
