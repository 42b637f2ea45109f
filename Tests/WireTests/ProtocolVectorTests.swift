import TestKit
import Testing
import Wire

/// Every vector of Protocol.md that concerns bytes and values. Signatures, hashes, nicknames and reconciliation are
/// checked by the tests of the targets that compute them.
@Suite("The vectors of Protocol.md")
struct ProtocolVectorTests {
    // Without the document there is nothing to test.
    static let document = try! ProtocolDocument.load()

    @Test("CBOR is accepted and rejected as in the document")
    func cbor() throws {
        let accepted = try #require(Self.document.vector(kind: "cbor", name: "accepted"))
        #expect(accepted.fields.count >= 16)
        for field in accepted.fields {
            let bytes = try #require([UInt8](hexadecimal: field.value))
            #expect(try CBORValue.decode(bytes).encoded() == bytes, "\(field.key)")
        }
        let refused = try #require(Self.document.vector(kind: "cbor", name: "refused"))
        #expect(refused.fields.count >= 21)
        for field in refused.fields {
            let bytes = try #require([UInt8](hexadecimal: field.value))
            #expect(throws: CBORError.self, "\(field.key)") { try CBORValue.decode(bytes) }
        }
    }

    @Test("announcements are encoded as in the document", arguments: document.vectors(kind: "announcement"))
    func announcement(vector: ProtocolVector) throws {
        let announcement = Announcement(
            kind: try #require(Announcement.Kind(rawValue: UInt8(try vector.requireNumber("kind")))),
            peer: try vector.requireIdentifier("peer"), instance: try vector.requireNumber("instance"),
            sequence: try vector.requireNumber("sequence"), name: try vector.requireQuoted("name"),
            claimTime: try vector.requireNumber("claimTime"), linkPort: UInt16(try vector.requireNumber("linkPort")),
            features: Features(rawValue: vector.number("features") ?? 0))
        let payload = try vector.requireBytes("payload")
        #expect(announcement.encoded() == payload)
        #expect(try Announcement.decode(payload) == announcement)
        #expect(SignatureContext.announcement.message(for: payload) == (try vector.requireBytes("message")))
        try Self.checkEnvelope(vector, maximumBytes: Limits.datagramBytes)
    }

    @Test("entries are encoded as in the document", arguments: document.vectors(kind: "entry"))
    func entry(vector: ProtocolVector) throws {
        let entry = Entry(
            room: try vector.requireIdentifier("room"), author: try vector.requireIdentifier("author"),
            lamport: try vector.requireNumber("lamport"), wallTime: try vector.requireNumber("wallTime"),
            parents: vector.texts("parent").compactMap { EntryID(hexadecimal: $0) },
            kind: Entry.Kind(number: UInt16(try vector.requireNumber("kind"))),
            body: vector.text("item") == nil ? try vector.requireQuoted("body") : "",
            item: vector.bytes("item") ?? [])
        #expect(entry.parents.count == vector.texts("parent").count)
        let payload = try vector.requireBytes("payload")
        #expect(entry.encoded() == payload)
        #expect(try Entry.decode(payload) == entry)
        try Self.checkEnvelope(vector, maximumBytes: Limits.entryBytes)
    }

    private static func checkEnvelope(_ vector: ProtocolVector, maximumBytes: Int) throws {
        let bytes = try vector.requireBytes("bytes")
        let envelope = try Envelope(parsing: bytes, maximumBytes: maximumBytes)
        #expect(Array(envelope.payload) == (try vector.requireBytes("payload")))
        #expect(envelope.signature == (try vector.requireBytes("signature")))
        #expect(Envelope(payload: Array(envelope.payload), signature: envelope.signature).bytes == bytes)
    }

    @Test("advertisements have the bytes of the document", arguments: document.vectors(kind: "advertisement"))
    func advertisement(vector: ProtocolVector) throws {
        let advertisement = LinkStateAdvertisement(
            sequence: try vector.requireNumber("sequence"), announcement: try vector.requireBytes("announcement"),
            away: try vector.nullable("away") { try vector.requireQuoted($0) },
            links: try vector.texts("link").map { ProcessTag(number: try #require(UInt64($0, radix: 16))) })
        let payload = try vector.requireBytes("payload")
        #expect(advertisement.encoded() == payload)
        #expect(try LinkStateAdvertisement.decode(payload) == advertisement)
        #expect(SignatureContext.advertisement.message(for: payload) == (try vector.requireBytes("message")))
        try Self.checkEnvelope(vector, maximumBytes: Limits.advertisementBytes)
    }

    @Test("certificates are encoded as in the document", arguments: document.vectors(kind: "certificate"))
    func certificate(vector: ProtocolVector) throws {
        let certificate = RelayCertificate(
            community: try vector.requireIdentifier("community"), relay: try vector.requireIdentifier("relay"),
            notBefore: try vector.requireNumber("notBefore"), notAfter: try vector.requireNumber("notAfter"))
        let payload = try vector.requireBytes("payload")
        #expect(certificate.encoded() == payload)
        #expect(try RelayCertificate.decode(payload) == certificate)
        #expect(SignatureContext.relayCertificate.message(for: payload) == (try vector.requireBytes("message")))
        try Self.checkEnvelope(vector, maximumBytes: Limits.certificateBytes)
        let later = try #require(Self.document.vectors(kind: "certificate-later").first)
        #expect(try RelayCertificate.decode(later.requireBytes("payload")) == certificate)
    }

    @Test("a handshake payload is encoded as in the document", arguments: document.vectors(kind: "handshake-payload"))
    func handshakePayload(vector: ProtocolVector) throws {
        let staticKey = try vector.requireBytes("staticPublicKey")
        #expect(SignatureContext.staticKey.message(for: staticKey) == (try vector.requireBytes("message")))
        let certificate = vector.bytes("certificate").map { [CBORValue.bytes($0)] } ?? []
        let value = CBORValue.array(
            [
                .unsigned(try vector.requireNumber("version")), .bytes(try vector.requireBytes("peer")),
                .bytes(try vector.requireBytes("signature")),
            ] + certificate)
        #expect(value.encoded() == (try vector.requireBytes("bytes")))
    }

    @Test("additions of a later version to an announcement change nothing for this one")
    func laterAnnouncement() throws {
        let vectors = Self.document.vectors(kind: "announcement-later")
        #expect(vectors.count >= 3)
        for vector in vectors {
            let announcement = try Announcement.decode(vector.requireBytes("payload"))
            #expect(try announcement == Announcement.decode(vector.requireBytes("same")))
            if let features = vector.number("features") { #expect(announcement.features.rawValue == features) }
        }
    }

    @Test("additions of a later version to an entry change nothing for this one, and are signed")
    func laterEntry() throws {
        let vectors = Self.document.vectors(kind: "entry-later")
        #expect(vectors.count >= 3)
        for vector in vectors {
            #expect(
                try Entry.decode(vector.requireBytes("payload")) == Entry.decode(vector.requireBytes("same")))
            guard let bytes = vector.bytes("bytes") else { continue }
            let envelope = try Envelope(parsing: bytes, maximumBytes: Limits.entryBytes)
            #expect(Array(envelope.payload) == (try vector.requireBytes("payload")))
        }
    }

    @Test("features have the bits given in the document")
    func features() throws {
        let vector = try #require(Self.document.vector(kind: "features", name: "version-1"))
        #expect(vector.number("unknownKinds") == Features.unknownKinds.rawValue)
        #expect(vector.number("ofThisVersion") == Features.ofThisVersion.rawValue)
    }

    @Test("frames are encoded as in the document", arguments: document.vectors(kind: "frame"))
    func frame(vector: ProtocolVector) throws {
        let frame = try vector.frame()
        let bytes = try vector.requireBytes("bytes")
        #expect(try Frame(decoding: bytes) == frame)
        if vector.text("later") == nil { #expect(frame.encoded() == bytes) }
    }

    @Test("every type of frame has an example in the document")
    func everyFrame() {
        let types = Set(Self.document.vectors(kind: "frame").compactMap { $0.text("type") })
        #expect(types.count == 30)
    }

    @Test("lists that the document lets be empty may be empty")
    func emptyLists() throws {
        let vector = try #require(Self.document.vector(kind: "empty-lists", name: "version-1"))
        #expect(vector.fields.count == 12)
        for field in vector.fields {
            let bytes = try #require([UInt8](hexadecimal: field.value))
            let frame = try Frame(decoding: bytes)
            #expect(frame.encoded() == bytes, "\(field.key)")
            #expect("\(frame)".hasPrefix(field.key), "\(field.key)")
        }
    }

    @Test("64-bit numbers in hexadecimal have no leading zeros", arguments: ["process", "link", "sum", "weight"])
    func hexadecimalNumbers(key: String) throws {
        let texts = Self.document.vectors.flatMap { $0.texts(key) }
        #expect(!texts.isEmpty)
        for text in texts { #expect(UInt64(text, radix: 16).map { String($0, radix: 16) } == text) }
    }

    @Test("streams are split as in the document", arguments: document.vectors(kind: "stream"))
    func stream(vector: ProtocolVector) throws {
        var buffer = FrameBuffer()
        var frames: [String] = []
        for byte in try vector.requireBytes("bytes") {
            buffer.append([byte])
            while let frame = try buffer.next() { frames.append(Array(frame).hexadecimal) }
        }
        #expect(frames == vector.texts("frame"))
    }

    static let refusals = ["announcement", "entry", "advertisement", "certificate", "envelope", "frame"].flatMap {
        document.vectors(kind: $0 + "-refused")
    }

    @Test("bytes that the document rejects are rejected", arguments: refusals)
    func refused(vector: ProtocolVector) throws {
        let bytes = try vector.requireBytes("bytes")
        switch vector.kind {
        case "announcement-refused":
            #expect(throws: WireError.self) { try Announcement.decode(bytes) }
        case "entry-refused":
            #expect(throws: WireError.self) { try Entry.decode(bytes) }
        case "advertisement-refused":
            #expect(throws: WireError.self) { try LinkStateAdvertisement.decode(bytes) }
        case "certificate-refused":
            #expect(throws: WireError.self) { try RelayCertificate.decode(bytes) }
        case "envelope-refused":
            #expect(throws: CBORError.self) { try Envelope(parsing: bytes, maximumBytes: Limits.entryBytes) }
        default:
            let error = #expect(throws: WireError.self) { try Frame(decoding: bytes) }
            #expect(error?.mayBeIgnored == (vector.text("ignored") == "yes"))
        }
    }

    @Test("the document contains each list of rejected bytes")
    func refusalsAreThere() {
        for (kind, count) in [
            ("announcement-refused", 12), ("entry-refused", 11), ("envelope-refused", 5), ("frame-refused", 22),
            ("advertisement-refused", 4), ("certificate-refused", 8),
        ] {
            #expect(Self.refusals.count { $0.kind == kind } >= count, "\(kind)")
        }
    }

    @Test("the limits in the document equal those in the code")
    func limits() throws {
        let vector = try #require(Self.document.vector(kind: "limits", name: "version-1"))
        let limits: [String: UInt64] = [
            "version": Limits.version,
            "discoveryPort": UInt64(Limits.discoveryPort),
            "datagramBytes": UInt64(Limits.datagramBytes),
            "introductionBytes": UInt64(Limits.introductionBytes),
            "nameBytes": UInt64(Limits.nameBytes),
            "nestingDepth": UInt64(CBORReader.maximumDepth),
            "recordBytes": UInt64(RecordUnit.maximumBytes),
            "frameBytes": UInt64(FrameUnit.maximumBytes),
            "frameIntroductionCount": UInt64(Limits.frameIntroductionCount),
            "introductionEndpointCount": UInt64(Limits.introductionEndpointCount),
            "frameIDCount": UInt64(Limits.frameIDCount),
            "wantedEntryCount": UInt64(Limits.wantedEntryCount),
            "frameAuthorCount": UInt64(Limits.frameAuthorCount),
            "certificateBytes": UInt64(Limits.certificateBytes),
            "advertisementBytes": UInt64(Limits.advertisementBytes),
            "advertisementLinkCount": UInt64(Limits.advertisementLinkCount),
            "digestSumCount": UInt64(Limits.digestSumCount),
            "textBytes": UInt64(Limits.textBytes),
            "entryBytes": UInt64(Limits.entryBytes),
            "reconciliationBytes": UInt64(Limits.reconciliationBytes),
            "entryKind": Limits.entryKind,
            "entryParentCount": UInt64(Limits.entryParentCount),
            "lamport": Limits.lamport,
            "wallTime": Limits.wallTime,
            "awayBytes": UInt64(Limits.awayBytes),
            "passwordBytes": UInt64(Limits.passwordBytes),
            "programBytes": UInt64(Limits.programBytes),
            "phraseBytes": UInt64(Limits.phraseBytes),
            "noticeBytes": UInt64(Limits.noticeBytes),
            "frameMemberCount": UInt64(Limits.frameMemberCount),
            "frameBanCount": UInt64(Limits.frameBanCount),
            "tunnelBytes": UInt64(Limits.tunnelBytes),
            "banSeconds": Limits.banSeconds,
            "firstCriticalFrameType": Frame.firstCriticalType,
        ]
        #expect(Dictionary(uniqueKeysWithValues: vector.fields.map { ($0.key, UInt64($0.value)) }) == limits)
    }
}
