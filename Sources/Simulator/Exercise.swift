import Chat
import Secure
import Wire

/// Things done to decoders and cores as the bytes of a fuzzer say. Nothing may trap, whatever they are.
public enum Exercise {
    /// Every decoder of what comes from outside; what is understood must come out again as the same.
    public static func decoders(_ bytes: [UInt8]) {
        if let value = try? CBORValue.decode(bytes) { require(value.encoded() == bytes) }
        if let frame = try? Frame(decoding: bytes) { require((try? Frame(decoding: frame.encoded())) == frame) }
        if let announcement = try? Announcement.decode(bytes) {
            require((try? Announcement.decode(announcement.encoded())) == announcement)
        }
        if let entry = try? Entry.decode(bytes) { require((try? Entry.decode(entry.encoded())) == entry) }
        if let signed = try? SignedAnnouncement(parsing: bytes) { require(signed.bytes == bytes) }
        if let signed = try? SignedEntry(parsing: bytes) { require(signed.bytes == bytes) }
        let text = String(decoding: bytes, as: UTF8.self)
        if let name = try? Nickname(text) { require((try? Nickname(name.text)) == name) }
        if let endpoint = Endpoint(text) { require(Endpoint(endpoint.description) == endpoint) }
        streams(bytes)
        reconciliation(bytes)
    }

    private static func streams(_ bytes: [UInt8]) {
        var (whole, piecewise) = (FrameBuffer(), FrameBuffer())
        whole.append(bytes)
        var units: [[UInt8]] = []
        while let unit = try? whole.next() { units.append(Array(unit)) }
        var others: [[UInt8]] = []
        for byte in bytes {
            piecewise.append([byte])
            while let unit = try? piecewise.next() { others.append(Array(unit)) }
        }
        require(units == others)
    }

    private static func reconciliation(_ bytes: [UInt8]) {
        let keys = (0..<40).compactMap { number -> EntryKey? in
            let id = EntryID([UInt8](repeating: UInt8(number * 6), count: 32))
            return id.map { EntryKey(lamport: UInt64(number), id: $0) }
        }
        let index = LogIndex(ascending: keys)
        if let reply = try? Reconciliation.answer(bytes, over: index, floor: 0) {
            require(reply.count <= Reconciliation.messageBytes)
        }
        var (opened, _) = Reconciliation.open(over: index, floor: 0)
        if let outcome = try? opened.messageReceived(bytes, over: index, floor: 0) {
            require(outcome.reply.map { $0.count <= Reconciliation.messageBytes } ?? true)
        }
    }

    static func require(_ isTrue: Bool) { precondition(isTrue, "what was decoded comes out otherwise") }

    /// A peer, to which happens what the bytes say: time, datagrams, links with a stranger who has shaken hands,
    /// frames well-formed or not, commands.
    public static func peer(_ bytes: [UInt8]) {
        var course = PeerExercise(bytes)
        course.run()
    }
}
