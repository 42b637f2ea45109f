public import Secure
public import Wire

extension SignedCertificate {
    /// What keeps a member from taking it, by a clock that may be wrong by an hour; nil if nothing does.
    /// - Parameter relay: the key that the relay has proved.
    public func problem(for relay: PeerID, toMemberAt wall: WallTime) -> CertificateProblem? {
        problem(
            for: relay, at: wall.milliseconds, toleranceMilliseconds: Bounds.certificateToleranceMilliseconds)
    }
}

extension CertificateProblem {
    /// What is said of the certificate: `expired on 2027-01-01 00:00 UTC`.
    /// - Parameter wall: the clock that it was measured by.
    public func text(at wall: WallTime) -> String {
        switch self {
        case .malformed: "is damaged"
        case .anotherVersion(let version): "is of version \(version), which this Earshot does not know"
        case .wrongSignature: "is not signed by the community that it names"
        case .anotherRelay(let relay): "is for another relay (\(relay))"
        case .notYetValid(let since):
            "is not valid before \(WallTime(milliseconds: since).utcText), and it is \(wall.utcText) by this machine's "
                + "clock"
        case .expired(let time):
            "expired on \(WallTime(milliseconds: time).utcText), and it is \(wall.utcText) by this machine's clock"
        }
    }
}
