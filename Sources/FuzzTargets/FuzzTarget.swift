import CoreModel
import RoomSync
import Secure
import Wire

/// A fuzz target: it drives decoders or cores by the bytes of a fuzzer. Nothing may trap, whatever the bytes are, and
/// the invariants are checked.
public enum FuzzTarget: String, CaseIterable, Sendable {
    /// Every decoder of data from outside.
    case decoders
    /// A peer and an unauthenticated peer with links.
    case peer
    /// A relay with members and guests.
    case relay
    /// Two logs of one room that are written, trimmed and compared.
    case logs
    /// Two ends of a handshake whose messages are tampered with.
    case handshake
    /// Both front ends: typed lines, script lines and shown events.
    case input
    /// Command lines, files of settings, and other text from outside.
    case options
    /// A peer and a relay that start with arbitrary stored data.
    case kept

    public func run(_ bytes: [UInt8]) {
        switch self {
        case .decoders: Self.decoders(bytes)
        case .peer:
            var course = PeerFuzzTarget(bytes)
            course.run()
        case .relay:
            var course = RelayFuzzTarget(bytes)
            course.run()
        case .logs:
            var course = LogFuzzTarget(bytes)
            course.run()
        case .handshake: HandshakeFuzzTarget.run(bytes)
        case .input: InputFuzzTarget.run(bytes)
        case .options: OptionsFuzzTarget.run(bytes)
        case .kept: KeptFuzzTarget.run(bytes)
        }
    }

    /// Decodes the bytes. A successfully decoded value must encode to the same value again.
    private static func decoders(_ bytes: [UInt8]) {
        if let value = try? CBORValue.decode(bytes) { require(value.encoded() == bytes) }
        if let frame = try? Frame(decoding: bytes) { require((try? Frame(decoding: frame.encoded())) == frame) }
        if let announcement = try? Announcement.decode(bytes) {
            require((try? Announcement.decode(announcement.encoded())) == announcement)
        }
        if let entry = try? Entry.decode(bytes) { require((try? Entry.decode(entry.encoded())) == entry) }
        if let signed = try? SignedAnnouncement(parsing: bytes) { require(signed.bytes == bytes) }
        if let signed = try? SignedEntry(parsing: bytes) { require(signed.bytes == bytes) }
        texts(String(decoding: bytes, as: UTF8.self))
        streams(bytes)
        reconciliation(bytes)
    }

    private static func texts(_ text: String) {
        if let name = try? Nickname(text) {
            require((try? Nickname(name.text)) == name)
            require(!name.looksLike(name) && (1...2).contains(name.skeletons.count))
        }
        if let name = try? Nickname(choosing: text) {
            require((try? Nickname(text))?.text == name.text)
            require((try? Nickname(choosing: name.text)) == name)
        }
        if let endpoint = Endpoint(text) { require(Endpoint(endpoint.description) == endpoint) }
        if let address = try? RelayAddress(text) {
            require((try? RelayAddress("\(address)")) == address)
            require((try? RelayAddress(address.place))?.host == address.host)
        }
        if let hash = PasswordHash(text) { require(PasswordHash("\(hash)") == hash) }
        if let room = RoomName(text) { require(RoomName("\(room)") == room) }
        if let peer = PeerID(hexadecimal: text) { require(PeerID(hexadecimal: "\(peer)") == peer) }
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

    static func require(
        _ isTrue: Bool, _ what: @autoclosure () -> String = "a decoded value encodes to something else"
    ) { precondition(isTrue, what()) }
}
