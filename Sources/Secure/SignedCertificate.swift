public import Wire

/// A relay's certificate as its community signed it.
public struct SignedCertificate: Equatable, Sendable {
    public let certificate: RelayCertificate
    /// The bytes on the wire.
    public var bytes: [UInt8] { envelope.bytes }
    private let envelope: Envelope

    /// Signs a certificate.
    /// - Parameter community: The community's key.
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

    /// Returns the reason why the certificate is not valid for a relay at a time, or nil if it is valid.
    /// - Parameters:
    ///   - relay: The key that the relay has proved.
    ///   - time: Milliseconds since 1970.
    ///   - toleranceMilliseconds: The possible error of the clock that gives the time.
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

/// The reason why a relay's certificate is not valid.
public enum CertificateProblem: Error, Equatable, Sendable {
    /// The bytes do not have the form of a certificate.
    case malformed
    case anotherVersion(UInt64)
    /// The signature was not made by the key of the community that the certificate names.
    case wrongSignature
    /// The certificate is for the relay with this key.
    case anotherRelay(PeerID)
    /// The certificate is not valid before this time, in milliseconds since 1970.
    case notYetValid(since: UInt64)
    /// The certificate expired at this time, in milliseconds since 1970.
    case expired(at: UInt64)
}

extension SignedCertificate {
    /// The content of a certificate file: base64, on one line.
    public var text: String { Base64.text(of: bytes) }

    /// Parses the text of a file. Blank lines and lines that begin with `#` are skipped.
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
