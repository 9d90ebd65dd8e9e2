// storage returns a stand-in for the storage of a browser, with the saved items.
export function storage(saved = {}) {
  return {
    saved,
    getItem: (name) => saved[name] ?? null,
    setItem: (name, value) => void (saved[name] = value),
    removeItem: (name) => delete saved[name],
  };
}

// denied is the storage of a browser that denies it.
export function denied() {
  throw new Error("denied");
}
