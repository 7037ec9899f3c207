// The search, opened by `/`, Ctrl+K or any link to the search page; on that page it stands by itself.
//
// What it searches with (search-engine.js) and in (search-index.js) is loaded when it is first used, as scripts, so
// that it works for pages opened from a folder too.  Where that fails, the search page falls back on Sphinx's own.
(() => {
  "use strict";
  const root = new URL("../", document.currentScript.src);
  const said = document.currentScript.dataset; // texts in the language of the page

  const load = (name) =>
    new Promise((done, fail) => {
      const script = document.createElement("script");
      script.src = new URL(name, root);
      script.addEventListener("load", done);
      script.addEventListener("error", () => fail(new Error(name)));
      document.head.append(script);
    });
  let prepared;
  const prepare = () =>
    (prepared ??= load("_static/search-engine.js").then(async () => {
      let find;
      globalThis.searchIndex = (index) => (find = createSearch(index));
      await load("search-index.js");
      if (!find) throw new Error("search-index.js holds no index");
      return find;
    }));

  const element = (name, attributes = {}, ...children) => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  };
  const line = (found) =>
    element("li", {}, element("a", { href: new URL(found.address, root) },
      element("span", { class: "search-page" }, found.title),
      ...(found.section ? [" ", element("span", { class: "search-section" }, found.section)] : []),
      " ",
      element("span", { class: "search-text" }, ...found.excerpt.map(([text, hit]) => (hit ? element("mark", {}, text) : text))),
    ));

  // The field and its results, inside `parent`; `failed` is called where they can not be loaded.
  const build = (parent, failed) => {
    const field = element("input", {
      type: "search", name: "q", autocomplete: "off", autocapitalize: "off", spellcheck: "false", enterkeyhint: "go",
      "aria-label": said.search, placeholder: said.placeholder,
    });
    const form = element("form", { action: new URL("search.html", root), role: "search" }, field);
    const status = element("p", { role: "status" });
    const results = element("ol");
    parent.append(form, element("div", { class: "search-found" }, status, results));
    const show = async () => {
      let find;
      try {
        find = await prepare();
      } catch {
        failed(field.value);
        return;
      }
      const query = field.value.trim();
      const found = query ? find(query) : [];
      results.replaceChildren(...found.map(line));
      status.textContent = !query ? "" : found.length ? said.found.replace("%s", found.length) : said.nothing;
    };
    field.addEventListener("input", show);
    // A field of one line would join the lines of a traceback without a space.
    field.addEventListener("paste", (event) => {
      const text = event.clipboardData.getData("text/plain");
      if (!/[\r\n]/.test(text)) return;
      event.preventDefault();
      field.setRangeText(text.replace(/\s+/g, " "), field.selectionStart, field.selectionEnd, "end");
      show();
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      results.querySelector("a")?.click();
    });
    parent.addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (!step || event.altKey || event.ctrlKey || event.metaKey) return;
      const stops = [field, ...results.querySelectorAll("a")];
      const next = stops[stops.indexOf(document.activeElement) + step];
      if (!next) return;
      event.preventDefault();
      next.focus();
    });
    return { field, show };
  };

  let dialog, box;
  const open = () => {
    if (!dialog) {
      const close = element("button", { type: "button", class: "search-close" }, said.close);
      dialog = element("dialog", { class: "search", "aria-label": said.search }, close);
      box = build(dialog, (query) => location.assign(new URL(`search.html?q=${encodeURIComponent(query)}`, root)));
      close.addEventListener("click", () => dialog.close());
      dialog.addEventListener("click", (event) => {
        if (event.target === dialog || event.target.closest("li a")) dialog.close(); // beside it, or on a result
      });
      dialog.addEventListener("keydown", (event) => {
        if (event.key !== "Escape") return;
        event.preventDefault(); // a search field would be emptied first
        dialog.close();
      });
      document.body.append(dialog);
    }
    if (!dialog.open) dialog.showModal();
    box.field.focus();
    box.field.select();
    prepare().catch(() => {}); // while the reader types; a failure is told with the first result
  };

  const page = document.getElementById("search-page");
  if (page) {
    const { field, show } = build(page, async () => {
      page.remove();
      await load("_static/language_data.js");
      await load("_static/searchtools.js"); // reads the query from the address
      await load("searchindex.js");
    });
    field.value = new URLSearchParams(location.search).get("q") ?? "";
    field.focus();
    field.addEventListener("input", () => {
      history.replaceState(history.state, "", field.value ? `?q=${encodeURIComponent(field.value)}` : location.pathname);
    });
    show();
  }

  document.addEventListener("click", (event) => {
    if (page || event.ctrlKey || event.metaKey || event.shiftKey || !event.target.closest("a.search-open")) return;
    event.preventDefault();
    open();
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable]");
    const slash = event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey;
    const letter = event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey;
    if (!slash && !letter) return;
    event.preventDefault();
    if (page) page.querySelector("input")?.focus();
    else open();
  });
})();
