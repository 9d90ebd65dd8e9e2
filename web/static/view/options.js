// The Options are what the reader can choose about the conversation that is shown, and about what is for them.

import { t } from "../i18n/i18n.js";

export class Options {
  #mute;
  #muted;
  #conversation;

  // panel has a button with the class mute, and a checkbox for each kind of the notifier.
  // onMute(conversation) is called when muted has changed, and calls draw.
  constructor({ panel, muted, notifier, onMute }) {
    this.#mute = panel.querySelector(".mute");
    this.#muted = muted;
    this.#mute.addEventListener("click", () => {
      muted.toggle(this.#conversation.key);
      onMute(this.#conversation);
    });
    for (const box of panel.querySelectorAll("input")) {
      const error = panel.querySelector(".refusal");
      box.checked = notifier.isOn(box.name);
      box.addEventListener("change", async () => {
        const wanted = box.checked;
        box.checked = await notifier.set(box.name, wanted);
        error.textContent = box.checked === wanted ? "" : t("notAllowed");
      });
    }
  }

  show(conversation) {
    this.#conversation = conversation;
    this.draw();
  }

  // draw shows whether the conversation is muted.
  draw() {
    const { key, kind, label: name } = this.#conversation;
    this.#mute.textContent = kind === "room" ? t("muteRoom", { name }) : t("mutePerson", { name });
    this.#mute.ariaPressed = String(this.#muted.has(key));
  }
}
