public import Secure
public import Wire

extension SignedCertificate {
    /// Returns the reason why a member rejects the certificate, or nil if there is none. The member's clock may be
    /// wrong by an hour.
    /// - Parameter relay: The key that the relay has proved.
    public func problem(for relay: PeerID, toMemberAt wall: WallTime) -> CertificateProblem? {
        problem(
            for: relay, at: wall.milliseconds, toleranceMilliseconds: Bounds.certificateToleranceMilliseconds)
    }
}

extension CertificateProblem {
    /// Returns the problem as a phrase for people: `expired on 2027-01-01 00:00 UTC`.
    /// - Parameter wall: The time at which the certificate was checked.
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
