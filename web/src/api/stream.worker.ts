// One connection for all tabs: a browser opens at most six to a server over HTTP/1.1, so a seventh tab with its own stream would hang.
import { Follower } from './follower'

const ports = new Map<MessagePort, Follower>()
const followers = new Map<string, Follower>()

addEventListener('connect', (event) => {
  const port = (event as MessageEvent).ports[0]
  port.onmessage = ({ data }) => {
    leave(port)
    if (data.leave) return
    let follower = followers.get(data.workspace)
    if (!follower) followers.set(data.workspace, (follower = new Follower(data.workspace)))
    ports.set(port, follower)
    follower.add(port, (message) => port.postMessage(message))
    if (data.now) follower.now()
  }
})

function leave(port: MessagePort) {
  const follower = ports.get(port)
  ports.delete(port)
  if (follower?.remove(port)) followers.delete(follower.workspace)
}
