// Search in documentation that is opened from a file. Browsers start no worker there, so the search
// script runs in a hidden frame that looks like one. Without this file, mkdocs-material would load
// such a script from another site.
if (location.protocol === "file:") {
  window.Worker = window.IFrameWorker = class extends EventTarget {
    constructor(url) {
      super();
      const frame = document.createElement("iframe");
      frame.hidden = true;
      document.body.append(frame);
      this.inner = frame.contentWindow;
      this.inner.postMessage = (data) =>
        this.dispatchEvent(new MessageEvent("message", { data: structuredClone(data) }));
      this.ready = new Promise((loaded, failed) => {
        const script = this.inner.document.createElement("script");
        Object.assign(script, { src: url, onload: loaded, onerror: failed });
        this.inner.document.body.append(script);
      });
    }

    postMessage(data) {
      this.ready.then(() => {
        const message = new this.inner.MessageEvent("message", { data: structuredClone(data) });
        this.inner.dispatchEvent(message);
      });
    }
  };
}
