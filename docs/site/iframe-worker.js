// Search, on pages that lie on a disk. A browser starts no worker from a file: here one is made of a hidden frame, which loads the same
// script, gets messages and sends them back. On a server nothing is changed.
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    constructor(address) {
      super()
      this.frame = document.createElement("iframe")
      this.frame.hidden = true
      this.frame.title = "search"
      document.body.append(this.frame)
      const inside = this.frame.contentWindow
      const say = data => this.say(new MessageEvent("message", { data }))
      inside.postMessage = data => setTimeout(say, 0, structuredClone(data))
      inside.importScripts = () => {}
      this.waiting = []
      const script = inside.document.createElement("script")
      script.src = new URL(address, location.href)
      script.onload = () => {
        const waiting = this.waiting
        this.waiting = undefined
        waiting.forEach(data => this.postMessage(data))
      }
      script.onerror = () => this.say(new Event("error"))
      inside.document.body.append(script)
    }

    say(event) {
      this["on" + event.type]?.(event)
      this.dispatchEvent(event)
    }

    postMessage(data) {
      if (this.waiting) return void this.waiting.push(data)
      const inside = this.frame.contentWindow
      const event = new inside.MessageEvent("message", { data: structuredClone(data) })
      setTimeout(() => inside.dispatchEvent(event))
    }

    terminate() {
      this.frame.remove()
    }
  }
}
