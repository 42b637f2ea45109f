import TestKit
import Testing
import Wire

@testable import Secure

/// The vectors of Protocol.md that are about keys, signatures, hashes and links. They were made by a program that
/// shares no code with this one, and Ed25519 signatures are the same every time.
@Suite("The keys, signatures and links of Protocol.md")
struct ProtocolVectorTests {
    // Without the document there is nothing to test.
    static let document = try! ProtocolDocument.load()

    private static func identity(_ name: String) throws -> Identity {
        let vector = try #require(document.vector(kind: "identity", name: name))
        return Identity(seed: try #require(vector.bytes("seed")))
    }

    @Test("a seed gives the peer ID of the document", arguments: document.vectors(kind: "identity"))
    func identities(vector: ProtocolVector) throws {
        #expect(try Self.identity(vector.name).peerID.bytes == vector.bytes("peer"))
    }

    @Test("announcements are signed as in the document", arguments: document.vectors(kind: "announcement"))
    func announcements(vector: ProtocolVector) throws {
        let identity = try Self.identity(try #require(vector.text("identity")))
        let payload = try #require(vector.bytes("payload"))
        #expect(identity.sign(payload, for: .announcement) == vector.bytes("signature"))
        let bytes = try #require(vector.bytes("bytes"))
        let announcement = try SignedAnnouncement(verifying: bytes)
        #expect(SignedAnnouncement(signing: announcement.announcement, by: identity).bytes == bytes)
    }

    @Test("introductions are announcements with padding", arguments: document.vectors(kind: "introduction"))
    func introductions(vector: ProtocolVector) throws {
        let bytes = try #require(vector.bytes("bytes"))
        let name = try #require(vector.text("announcement"))
        let announcement = try #require(Self.document.vector(kind: "announcement", name: name)?.bytes("bytes"))
        let received = try SignedAnnouncement(parsingPadded: bytes)
        #expect(received.verify() && received.bytes == announcement && received.padded == bytes)
    }

    @Test("where both sides have dialled, the keys decide who answers", arguments: document.vectors(kind: "crossing"))
    func crossing(vector: ProtocolVector) throws {
        var handshake = LinkHandshake(
            role: .initiator, identity: try Self.identity("ana"),
            staticKey: NoiseKeyPair(privateKey: [UInt8](repeating: 3, count: 32)),
            ephemeral: NoiseKeyPair(privateKey: try #require(vector.bytes("ephemeralPrivateKey"))),
            spare: NoiseKeyPair(privateKey: [UInt8](repeating: 5, count: 32)))
        _ = handshake.begin()
        let step = try handshake.messageReceived(try #require(vector.bytes("received")))
        let role = if case .wait = step { "initiator" } else { "responder" }
        #expect(role == vector.text("role"))
    }

    @Test(
        "advertisements are signed, and processes named, as in the document",
        arguments: document.vectors(kind: "advertisement")
    )
    func statements(vector: ProtocolVector) throws {
        let identity = try Self.identity(try #require(vector.text("identity")))
        let bytes = try #require(vector.bytes("bytes"))
        let statement = try SignedStatement(parsing: bytes)
        #expect(statement.verify())
        #expect(String(statement.process.number, radix: 16) == vector.text("process"))
        let again = SignedStatement(
            signing: statement.statement, announcement: statement.announcement, by: identity)
        #expect(again.bytes == bytes)
        #expect(statement.key.sumIndex == vector.number("sum").map { Int($0) })
        #expect(String(statement.key.weight, radix: 16) == vector.text("weight"))
    }

    @Test("entries are signed and named as in the document", arguments: document.vectors(kind: "entry"))
    func entries(vector: ProtocolVector) throws {
        let identity = try Self.identity(try #require(vector.text("identity")))
        let bytes = try #require(vector.bytes("bytes"))
        let entry = try SignedEntry(verifying: bytes)
        #expect(entry.id.bytes == vector.bytes("id"))
        #expect(SignedEntry(signing: entry.entry, by: identity).bytes == bytes)
    }

    @Test("rooms have the IDs of the document", arguments: document.vectors(kind: "room"))
    func rooms(vector: ProtocolVector) throws {
        #expect(SHA256.hash(try #require(vector.bytes("input"))) == vector.bytes("room"))
    }

    @Test("a Noise key is bound to its peer as in the document", arguments: document.vectors(kind: "handshake-payload"))
    func handshakePayloads(vector: ProtocolVector) throws {
        let identity = try Self.identity(try #require(vector.text("identity")))
        let staticKey = NoiseKeyPair(privateKey: try #require(vector.bytes("staticPrivateKey")))
        #expect(staticKey.publicKey == vector.bytes("staticPublicKey"))
        let bytes = try #require(vector.bytes("bytes"))
        let proof = LinkProof(
            identity: identity, staticKey: staticKey.publicKey, certificate: vector.bytes("certificate"))
        #expect(proof.encoded() == bytes)
        #expect(try LinkProof(decoding: bytes).certificate == vector.bytes("certificate"))
        #expect(try LinkProof(decoding: bytes).isValid(for: staticKey.publicKey, with: .ed25519))
    }

    @Test("certificates are signed as in the document", arguments: document.vectors(kind: "certificate"))
    func certificates(vector: ProtocolVector) throws {
        let community = try Self.identity(try #require(vector.text("identity")))
        let bytes = try #require(vector.bytes("bytes"))
        let signed = try SignedCertificate(verifying: bytes)
        #expect(SignedCertificate(signing: signed.certificate, by: community).bytes == bytes)
        #expect(try SignedCertificate(text: "# for people\n\(signed.text)\n") == signed)
    }

    @Test("a certificate counts for its relay and its time", arguments: document.vectors(kind: "certificate-judged"))
    func judgedCertificates(vector: ProtocolVector) throws {
        let name = try #require(vector.text("certificate"))
        let bytes = try #require(Self.document.vector(kind: "certificate", name: name)?.bytes("bytes"))
        let key = try #require(vector.bytes("relay"))
        let relay = try #require(PeerID(key))
        let problem = try SignedCertificate(verifying: bytes)
            .problem(for: relay, at: try #require(vector.number("time")))
        let word =
            switch problem {
            case nil: "none"
            case .expired: "expired"
            case .notYetValid: "not yet valid"
            case .anotherRelay: "another relay"
            case .malformed, .anotherVersion, .wrongSignature: "unreadable"
            }
        #expect(word == vector.text("problem"))
    }

    @Test("a forged certificate is none", arguments: document.vectors(kind: "certificate-forged"))
    func forgedCertificates(vector: ProtocolVector) throws {
        let bytes = try #require(vector.bytes("bytes"))
        #expect(throws: CertificateProblem.wrongSignature) { _ = try SignedCertificate(verifying: bytes) }
    }

    @Test(
        "what a later version adds to a handshake's payload changes nothing for this one",
        arguments: document.vectors(kind: "handshake-payload-later"))
    func laterHandshakePayload(vector: ProtocolVector) throws {
        let later = try LinkProof(decoding: try #require(vector.bytes("bytes")))
        #expect(try later == LinkProof(decoding: try #require(vector.bytes("same"))))
    }

    @Test(
        "a payload that the document refuses ends the handshake",
        arguments: document.vectors(kind: "handshake-payload-refused"))
    func refusedHandshakePayloads(vector: ProtocolVector) throws {
        let good = try #require(Self.document.vector(kind: "handshake-payload", name: "ana"))
        let staticKey = try #require(good.bytes("staticPublicKey"))
        let bytes = try #require(vector.bytes("bytes"))
        #expect(throws: HandshakeError.self) {
            let proof = try LinkProof(decoding: bytes)
            guard proof.isValid(for: staticKey, with: .ed25519) else {
                throw HandshakeError.badIdentity("the signature is wrong")
            }
        }
    }

    @Test("payloads to refuse are there")
    func refusalsAreThere() { #expect(Self.document.vectors(kind: "handshake-payload-refused").count >= 6) }

    @Test("a link has the messages and records of the document, rekeying included")
    func link() throws {
        let vector = try #require(Self.document.vector(kind: "link", name: "handshake"))
        #expect(vector.text("prologue").map { Array($0.utf8) } == LinkHandshake.prologue)
        func side(_ role: LinkHandshake.Role, _ name: String) throws -> LinkHandshake {
            LinkHandshake(
                role: role, identity: try Self.identity(try #require(vector.text(name))),
                staticKey: NoiseKeyPair(privateKey: try #require(vector.bytes(name + "Static"))),
                ephemeral: NoiseKeyPair(privateKey: try #require(vector.bytes(name + "Ephemeral"))))
        }
        var initiator = try side(.initiator, "initiator")
        var responder = try side(.responder, "responder")
        let begun = initiator.begin()
        let first = try #require(begun)
        #expect(first == vector.bytes("message1"))
        guard case .send(let second) = try responder.messageReceived(first) else { throw HandshakeError.outOfTurn }
        #expect(second == vector.bytes("message2"))
        guard case .sendAndFinish(let third, let peer, let ours) = try initiator.messageReceived(second) else {
            throw HandshakeError.outOfTurn
        }
        #expect(third == vector.bytes("message3"))
        #expect(try peer == Self.identity(try #require(vector.text("responder"))).peerID)
        guard case .finished(_, let theirs) = try responder.messageReceived(third) else {
            throw HandshakeError.outOfTurn
        }
        try check(vector, ours, theirs)
    }

    private func check(_ vector: ProtocolVector, _ initiator: Transport, _ responder: Transport) throws {
        func seal(_ plaintext: [UInt8], by transport: Transport) -> [UInt8] {
            var record: [UInt8] = []
            transport.seal(plaintext[...], into: &record)
            return record
        }
        func open(_ record: [UInt8], by transport: Transport) throws -> [UInt8] {
            var plaintext: [UInt8] = []
            try transport.open(record[...], into: &plaintext)
            return plaintext
        }
        let hello = try #require(vector.bytes("initiatorPlaintext"))
        #expect(seal(hello, by: initiator) == vector.bytes("initiatorRecord"))
        #expect(try open(try #require(vector.bytes("initiatorRecord")), by: responder) == hello)
        let answer = try #require(vector.bytes("responderPlaintext"))
        #expect(seal(answer, by: responder) == vector.bytes("responderRecord"))
        #expect(try open(try #require(vector.bytes("responderRecord")), by: initiator) == answer)
        for _ in 1..<65_536 { _ = try open(seal([], by: initiator), by: responder) }
        let last = try #require(vector.bytes("rekeyedPlaintext"))
        #expect(seal(last, by: initiator) == vector.bytes("rekeyedRecord"))
        #expect(try open(try #require(vector.bytes("rekeyedRecord")), by: responder) == last)
    }
}
