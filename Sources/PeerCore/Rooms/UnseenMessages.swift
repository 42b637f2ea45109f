import CoreModel
import Wire

/// The private messages that are stored but perhaps not yet shown: the process may die between the two. They are shown
/// at the next start.
struct UnseenMessages: Equatable {
    /// A stored message that is perhaps not yet shown.
    struct Message: Equatable {
        var peer: PeerID
        var key: EntryKey
        /// Handed to the host. The host has shown it once it hands in the next input.
        var isShown = false
        /// From an earlier start. Messages that arrived in this one are shown by their log, in order.
        var isLeftOver = false
    }

    /// The maximum number of messages; the oldest are dropped from here, and remain in the history.
    static let capacity = 1_000
    static let setting = "unseen"

    private(set) var messages: [Message] = []
    /// Whether this state differs from the stored setting.
    private(set) var isChanged = false

    init() {}

    /// Records a message that was stored just now.
    mutating func arrived(_ key: EntryKey, from peer: PeerID) {
        messages.append(Message(peer: peer, key: key))
        if messages.count > Self.capacity { messages.removeFirst(messages.count - Self.capacity) }
        isChanged = true
    }

    /// The messages that an earlier start stored and perhaps did not show.
    var leftOver: [Message] { messages.filter { $0.isLeftOver && !$0.isShown } }

    /// Marks a message as handed to the host.
    mutating func shown(_ key: EntryKey) {
        guard let index = messages.firstIndex(where: { $0.key == key }) else { return }
        messages[index].isShown = true
    }

    /// Whether a message awaits ``outputsTaken()``.
    var hasShown: Bool { messages.contains(where: \.isShown) }

    /// Removes the messages that were handed to the host, which has shown them.
    mutating func outputsTaken() {
        guard !messages.isEmpty else { return }
        let count = messages.count
        messages.removeAll { $0.isShown }
        if messages.count != count { isChanged = true }
    }

    /// Removes the messages of the matching peers.
    mutating func forget(where isMeant: (PeerID) -> Bool) {
        messages.removeAll { isMeant($0.peer) }
        isChanged = true
    }

    // Encoding as a setting.

    /// Decodes the stored messages; malformed bytes decode to none.
    init(decoding bytes: [UInt8]) {
        messages = (try? Self.messages(in: bytes)) ?? []
    }

    private static func messages(in bytes: [UInt8]) throws(CBORError) -> [Message] {
        var reader = CBORReader(bytes)
        var messages: [Message] = []
        for _ in 0..<(try reader.array(maximum: capacity)) {
            _ = try reader.array(maximum: 3)
            let peer: PeerID = try reader.identifier()
            let lamport = try reader.unsigned()
            let key = EntryKey(lamport: lamport, id: try reader.identifier())
            messages.append(Message(peer: peer, key: key, isLeftOver: true))
        }
        return messages
    }

    /// Returns the new value of the setting if it has changed; an inner nil means that it is to be removed.
    mutating func takeChange() -> [UInt8]?? {
        guard isChanged else { return nil }
        isChanged = false
        guard !messages.isEmpty else { return .some(nil) }
        var writer = CBORWriter()
        writer.array(count: messages.count)
        for message in messages {
            writer.array(count: 3)
            writer.identifier(message.peer)
            writer.unsigned(message.key.lamport)
            writer.identifier(message.key.id)
        }
        return writer.bytes
    }
}
