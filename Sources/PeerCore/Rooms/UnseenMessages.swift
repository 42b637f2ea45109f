import CoreModel
import Wire

/// Private messages that are kept but perhaps not yet shown: the process may die between the two. They are shown at
/// the next start.
struct UnseenMessages: Equatable {
    struct Message: Equatable {
        var peer: PeerID
        var key: EntryKey
        /// Handed to the host. It has shown it when it hands in the next input.
        var isShown = false
        /// From an earlier start. What has come in this one is shown by its log, when its turn comes.
        var isLeftOver = false
    }

    /// The oldest give way; they are in the history.
    static let capacity = 1_000
    static let setting = "unseen"

    private(set) var messages: [Message] = []
    /// What is here is not what the setting says.
    private(set) var isChanged = false

    init() {}

    mutating func arrived(_ key: EntryKey, from peer: PeerID) {
        messages.append(Message(peer: peer, key: key))
        if messages.count > Self.capacity { messages.removeFirst(messages.count - Self.capacity) }
        isChanged = true
    }

    /// What an earlier start has kept and perhaps not shown.
    var leftOver: [Message] { messages.filter { $0.isLeftOver && !$0.isShown } }

    mutating func shown(_ key: EntryKey) {
        guard let place = messages.firstIndex(where: { $0.key == key }) else { return }
        messages[place].isShown = true
    }

    /// Whether something awaits ``outputsTaken()``.
    var hasShown: Bool { messages.contains(where: \.isShown) }

    /// What was handed to the host has been shown.
    mutating func outputsTaken() {
        guard !messages.isEmpty else { return }
        let count = messages.count
        messages.removeAll { $0.isShown }
        if messages.count != count { isChanged = true }
    }

    mutating func forget(where isMeant: (PeerID) -> Bool) {
        messages.removeAll { isMeant($0.peer) }
        isChanged = true
    }

    // As a setting.

    /// - Returns: none for what is not of this form.
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

    /// What the setting is to say, if it does not; nil then says: nothing.
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
