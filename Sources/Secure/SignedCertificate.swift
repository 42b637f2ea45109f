public import Wire

/// A relay's certificate as its community signed it.
public struct SignedCertificate: Equatable, Sendable {
    public let certificate: RelayCertificate
    /// As on the wire.
    public var bytes: [UInt8] { envelope.bytes }
    private let envelope: Envelope

    /// - Parameter community: the community's key.
    public init(signing certificate: RelayCertificate, by community: Identity) {
        precondition(certificate.community == community.peerID, "a certificate is signed by its own community")
        let payload = certificate.encoded()
        self.certificate = certificate
        envelope = Envelope(payload: payload, signature: community.sign(payload, for: .relayCertificate))
    }

    public init(verifying bytes: [UInt8], with signing: Signing = .ed25519) throws(CertificateProblem) {
        do {
            envelope = try Envelope(parsing: bytes, maximumBytes: Limits.certificateBytes)
            certificate = try RelayCertificate.decode(envelope.payload)
        } catch {
            if case .unsupportedVersion(let theirs, _)? = error as? WireError { throw .anotherVersion(theirs) }
            throw .malformed
        }
        let isValid = signing.isValid(
            envelope.signature, of: envelope.payload, for: .relayCertificate, by: certificate.community)
        guard isValid else { throw .wrongSignature }
    }

    /// What keeps it from counting for a relay at a time; nil if nothing does.
    /// - Parameters:
    ///   - relay: the key that the relay has proved.
    ///   - time: milliseconds since 1970.
    ///   - toleranceMilliseconds: how wrong the clock that tells the time may be.
    public func problem(
        for relay: PeerID, at time: UInt64, toleranceMilliseconds: UInt64 = 0
    ) -> CertificateProblem? {
        guard certificate.relay == relay else { return .anotherRelay(certificate.relay) }
        let (latest, isLate) = time.addingReportingOverflow(toleranceMilliseconds)
        guard isLate || certificate.notBefore <= latest else { return .notYetValid(since: certificate.notBefore) }
        let earliest = time - min(time, toleranceMilliseconds)
        guard earliest <= certificate.notAfter else { return .expired(at: certificate.notAfter) }
        return nil
    }
}

/// Why a relay's certificate does not count.
public enum CertificateProblem: Error, Equatable, Sendable {
    /// Not in the form of one.
    case malformed
    case anotherVersion(UInt64)
    /// Not made by the key of the community that it names.
    case wrongSignature
    /// It is for the relay with this key.
    case anotherRelay(PeerID)
    /// Milliseconds since 1970.
    case notYetValid(since: UInt64)
    /// Milliseconds since 1970.
    case expired(at: UInt64)
}

extension SignedCertificate {
    /// What stands in a file: base 64, on one line.
    public var text: String { Base64.text(of: bytes) }

    /// Reads a file's text. Blank lines and lines that begin with `#` are passed over.
    public init(text: String) throws(CertificateProblem) {
        let lines = text.split(whereSeparator: \.isNewline)
            .map { line in line.drop { $0 == " " || $0 == "\t" } }
            .filter { !$0.isEmpty && !$0.hasPrefix("#") }
        guard lines.count == 1, let line = lines.first, line.utf8.count <= 2 * Limits.certificateBytes,
            let bytes = Base64.bytes(of: line.prefix { $0 != " " && $0 != "\t" })
        else { throw .malformed }
        try self.init(verifying: bytes)
    }
}
