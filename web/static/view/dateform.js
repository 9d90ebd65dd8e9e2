// The DateForm asks for a day. It opens from the days in the log.

export class DateForm {
  #dialog;
  #day;

  // dialog is a dialog element with a form that has a date. onChoose(time) is called with the start of the day,
  // in milliseconds.
  constructor(dialog, onChoose) {
    this.#dialog = dialog;
    this.#day = dialog.querySelector("input");
    dialog.querySelector("form").addEventListener("submit", (e) => {
      e.preventDefault();
      const [year, month, day] = this.#day.value.split("-").map(Number);
      dialog.close();
      onChoose(Number(new Date(year, month - 1, day)));
    });
    dialog.querySelector(".close").addEventListener("click", () => dialog.close());
  }

  // open asks for a day, from which it suggests that of a time.
  open(at) {
    const suggested = new Date(at);
    this.#day.value = [suggested.getFullYear(), suggested.getMonth() + 1, suggested.getDate()].map((n) => String(n).padStart(2, "0")).join("-");
    this.#dialog.showModal();
  }
}
