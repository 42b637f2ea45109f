import Testing
import Wire

@testable import Secure

/// Announcements and entries that differ from those that their peer signed.
@Suite struct SignedTests {
    private static let ana = Identity(seed: Array(repeating: 1, count: 32))
    private static let bea = Identity(seed: Array(repeating: 2, count: 32))

    private static func announcement(of peer: PeerID) -> Announcement {
        Announcement(
            kind: .announce, peer: peer, instance: 7, sequence: 1_763_000_000_000, name: "ana",
            claimTime: 1_763_000_000_000, linkPort: 47_474)
    }

    private static func entry(by author: PeerID) -> Entry {
        Entry(
            room: .least, author: author, lamport: 5, wallTime: 1_763_000_000_000, parents: [], kind: .text,
            body: "hello")
    }

    @Test("a signed announcement with any bit flipped is rejected")
    func changedAnnouncement() throws {
        let bytes = SignedAnnouncement(signing: Self.announcement(of: Self.ana.peerID), by: Self.ana).bytes
        _ = try SignedAnnouncement(verifying: bytes)
        for index in bytes.indices {
            for bit in 0..<8 {
                var changed = bytes
                changed[index] ^= 1 << bit
                #expect(throws: SignedError.self) { _ = try SignedAnnouncement(verifying: changed) }
            }
        }
    }

    @Test("a signed entry with any bit flipped is rejected")
    func changedEntry() throws {
        let bytes = SignedEntry(signing: Self.entry(by: Self.ana.peerID), by: Self.ana).bytes
        _ = try SignedEntry(verifying: bytes)
        for index in bytes.indices {
            for bit in 0..<8 {
                var changed = bytes
                changed[index] ^= 1 << bit
                #expect(throws: SignedError.self) { _ = try SignedEntry(verifying: changed) }
            }
        }
    }

    @Test("a message that one peer signed in another's name is parsed but not valid")
    func forged() throws {
        let payload = Self.announcement(of: Self.ana.peerID).encoded()
        let forged = Envelope(payload: payload, signature: Self.bea.sign(payload, for: .announcement)).bytes
        let parsed = try SignedAnnouncement(parsing: forged)
        #expect(parsed.announcement.peer == Self.ana.peerID)
        #expect(!parsed.verify())
        #expect(throws: SignedError.wrongSignature(Self.ana.peerID)) { _ = try SignedAnnouncement(verifying: forged) }
    }

    @Test("a signature is valid for one purpose only", arguments: [SignatureContext.announcement, .staticKey])
    func otherPurpose(context: SignatureContext) throws {
        let payload = Self.entry(by: Self.ana.peerID).encoded()
        let bytes = Envelope(payload: payload, signature: Self.ana.sign(payload, for: context)).bytes
        #expect(throws: SignedError.wrongSignature(Self.ana.peerID)) { _ = try SignedEntry(verifying: bytes) }
        #expect(try !SignedEntry(trusted: bytes).verify())
    }

    @Test("adding the group order to a signature's second half does not give another valid one (RFC 8032 §5.1.7)")
    func malleable() throws {
        let payload: [UInt8] = [1, 2, 3]
        var signature = Self.ana.sign(payload, for: .entry)
        #expect(Signing.ed25519.isValid(signature, of: payload, for: .entry, by: Self.ana.peerID))
        // 2^252 + 27742317777372353535851937790883648493, little-endian.
        let order: [UInt8] =
            [0xED, 0xD3, 0xF5, 0x5C, 0x1A, 0x63, 0x12, 0x58, 0xD6, 0x9C, 0xF7, 0xA2, 0xDE, 0xF9, 0xDE, 0x14]
            + Array(repeating: 0, count: 15) + [0x10]
        var carry = 0
        for index in 0..<32 {
            carry += Int(signature[32 + index]) + Int(order[index])
            signature[32 + index] = UInt8(truncatingIfNeeded: carry)
            carry >>= 8
        }
        #expect(!Signing.ed25519.isValid(signature, of: payload, for: .entry, by: Self.ana.peerID))
        #expect(!Signing.ed25519.isValid(Array(signature.prefix(63)), of: payload, for: .entry, by: Self.ana.peerID))
    }
}
