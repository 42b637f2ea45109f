import CoreModel
import JSON
import Wire
import Wording

/// Writes an event as one line of output, without its newline.
enum EventWriter {
    /// Returns the line of an event.
    /// - Parameter version: The version of the program, reported by `ready`.
    static func line(_ event: Event, ref: JSONValue?, version: String) -> [UInt8] {
        JSONWriter.object { object in
            object.add("event", name(of: event))
            if let ref { object.add("ref", ref) }
            add(event, to: &object, version: version)
        }
    }

    private static func name(of event: Event) -> String {
        switch event {
        case .ready: "ready"
        case .name: "name"
        case .peer: "peer"
        case .presenceSummary: "company"
        case .message: "message"
        case .delivery: "delivery"
        case .who: "who"
        case .history: "history"
        case .found: "search"
        case .blocked: "blocked"
        case .bans: "bans"
        case .relay: "relay"
        case .removed: "removed"
        case .failed: "error"
        case .notice, .remark: "notice"
        case .conversation: "conversation"
        }
    }

    private static func add(_ event: Event, to object: inout JSONWriter, version: String) {
        switch event {
        case .ready(let name, let id, let port):
            object.add("name", name)
            object.add("id", id.description)
            object.add("port", UInt64(port))
            object.add("version", version)
        case .name(let change):
            object.add("state", change.state.rawValue)
            object.add("name", change.name)
            object.add("wanted", change.wanted)
            if let holder = change.holder { object.add("holder", holder.description) }
            if let remark = change.remark { object.add("remark", remark) }
        case .peer(let change):
            object.add("state", change.state.rawValue)
            add(change.peer, to: &object)
            if let was = change.was { object.add("was", was) }
            if let remark = change.remark { object.add("remark", remark) }
        case .presenceSummary(let presenceSummary):
            if let relay = presenceSummary.relay { object.add("relay", relay) }
            object.add("came", UInt64(presenceSummary.arrived.count))
            object.add("went", UInt64(presenceSummary.departed.count))
        case .message(let message):
            add(message, to: &object)
        case .delivery(let id, let to, let state):
            object.add("id", id.description)
            object.add("to", to.name)
            object.add("toID", to.id.description)
            object.add("state", state.rawValue)
        case .who(let peers):
            object.add("peers", peers) { add($1, to: &$0) }
        case .history(let room, let messages):
            object.add("room", room.description)
            object.add("messages", messages) { add($1, to: &$0) }
        case .found(let words, let messages):
            object.add("words", words)
            object.add("messages", messages) { add($1, to: &$0) }
        case .blocked(let peers):
            object.add("peers", peers) { add($1, to: &$0) }
        case .bans(let bans):
            object.add("bans", bans) { add($1, to: &$0) }
        case .relay(let state, let address, let reason):
            object.add("state", state.rawValue)
            object.add("address", address)
            if let reason { object.add("reason", reason) }
        case .removed(let by, let how, let reason):
            object.add("by", by)
            object.add("how", how.rawValue)
            object.add("reason", reason)
        case .failed(let failure):
            object.add("code", failure.code.rawValue)
            object.add("text", failure.text)
        case .notice(let text):
            object.add("text", text)
        case .remark(let text, let peer):
            object.add("text", text)
            object.add("id", peer.description)
        case .conversation(let conversation):
            object.add("name", conversation.name)
            object.add("id", conversation.peer.description)
            if let was = conversation.was { object.add("was", was) }
            if let remark = conversation.remark { object.add("remark", remark) }
        }
    }

    private static func add(_ peer: Event.BlockedPeer, to object: inout JSONWriter) {
        object.add("name", peer.name)
        object.add("id", peer.id.description)
        object.add("here", peer.isHere)
    }

    private static func add(_ ban: Event.Ban, to object: inout JSONWriter) {
        object.add("name", ban.name)
        object.add("reason", ban.reason)
        if let peer = ban.peer { object.add("id", peer.description) }
        if let address = ban.address { object.add("address", address) }
        if !ban.by.isEmpty { object.add("by", ban.by) }
        if let until = ban.until { object.add("until", Timestamp.text(until)) }
    }

    private static func add(_ peer: Event.PeerSummary, to object: inout JSONWriter) {
        object.add("name", peer.name)
        object.add("id", peer.id.description)
        object.add("via", peer.via.rawValue)
        if let relay = peer.relay { object.add("relay", relay) }
        if let address = peer.address { object.add("address", address.description) }
        if peer.isThroughFirewall { object.add("firewall", true) }
        object.add("blocked", peer.isBlocked)
        if let away = peer.away { object.add("away", away) }
    }

    private static func add(_ message: Event.Message, to object: inout JSONWriter) {
        object.add("room", message.room.description)
        object.add("private", message.isPrivate)
        object.add("from", message.from)
        object.add("fromID", message.fromID.description)
        if let partner = message.partner { object.add("withID", partner.description) }
        object.add("text", message.text)
        switch message.kind {
        case .text: object.add("kind", "text")
        case .action: object.add("kind", "action")
        case .unknown(let number):
            object.add("kind", "unknown")
            object.add("kindNumber", UInt64(number))
        }
        object.add("id", message.id.description)
        object.add("time", Timestamp.text(message.time))
        object.add("lamport", message.lamport)
        object.add("history", message.isHistory)
        if message.isEarlier { object.add("earlier", true) }
        object.add("own", message.isOwn)
        if message.hasGap { object.add("gap", true) }
    }
}
