// The example portal's own script: shows that attributes change the element while it runs.
const chat = document.querySelector("sanca-chat")!;

function toggle(attribute: string, one: string, other: string): void {
  chat.setAttribute(attribute, chat.getAttribute(attribute) === one ? other : one);
}

document.getElementById("language")!.addEventListener("click", () => toggle("language", "en", "zh"));
document.getElementById("theme")!.addEventListener("click", () => toggle("theme", "light", "dark"));
