import Testing

@testable import Secure

/// Keys that are never printed and are compared as a whole.
@Suite struct SecretTests {
    private static let secret = [UInt8](repeating: 0xAB, count: 32)

    /// Returns every byte and pointer that reflection reaches from a value, that is, all that `dump` and the debugger
    /// show.
    private static func reachable(from value: Any, depth: Int = 0) -> [String] {
        guard depth < 20 else { return ["too deep"] }
        let isLeaf = value is UInt8 || value is UnsafeMutablePointer<UInt8> || value is UnsafeMutableRawPointer
        return Mirror(reflecting: value).children.reduce(into: isLeaf ? ["\(type(of: value)) \(value)"] : []) {
            $0 += reachable(from: $1.value, depth: depth + 1)
        }
    }

    @Test("reflection finds bytes that are not hidden, so the next test can fail")
    func reflects() {
        struct Careless { var key = SecretTests.secret }
        #expect(Self.reachable(from: Careless()).count == 32)
    }

    @Test("a secret cannot be printed, dumped or reflected through the values that hold it")
    func neverPrinted() throws {
        let identity = Identity(seed: Self.secret)
        let keyPair = NoiseKeyPair(privateKey: Self.secret)
        var stream = RandomStream(seed: Self.secret)
        _ = stream.next()
        var initiator = LinkHandshake(role: .initiator, identity: identity, staticKey: keyPair, ephemeral: keyPair)
        var responder = LinkHandshake(
            role: .responder, identity: Identity(seed: Array(repeating: 1, count: 32)), staticKey: keyPair,
            ephemeral: keyPair)
        let first = initiator.begin()
        _ = try responder.messageReceived(try #require(first))
        let transport = Transport(
            sending: CipherState(key: Secret(Self.secret)), receiving: CipherState(key: Secret(Self.secret)))
        let holders: [Any] = [Secret(Self.secret), identity, keyPair, stream, initiator, responder, transport]
        for holder in holders {
            #expect(Self.reachable(from: holder).isEmpty, "\(type(of: holder))")
            var text = ""
            dump(holder, to: &text)
            text += "\(holder)" + String(reflecting: holder)
            #expect(!text.contains("171") && !text.lowercased().contains("abab"), "\(type(of: holder))")
        }
    }

    @Test("secrets are equal only if all their bytes are")
    func equality() {
        #expect(Secret(Self.secret) == Secret(Self.secret))
        for index in Self.secret.indices {
            var other = Self.secret
            other[index] ^= 1
            #expect(Secret(other) != Secret(Self.secret))
        }
    }
}
