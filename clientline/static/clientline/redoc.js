// ReDoc would load its maker's logo from another host, which the page's policy forbids and the console reports.
// An image that cannot be loaded it takes away by itself, so it gets one of those.
const setAttribute = Element.prototype.setAttribute;

HTMLImageElement.prototype.setAttribute = function (name, value) {
  setAttribute.call(this, name, name === "src" && /^https?:/.test(value) ? "data:," : value);
};
Object.defineProperty(HTMLImageElement.prototype, "src", {
  get() { return this.getAttribute("src"); },
  set(value) { this.setAttribute("src", value); },
});
