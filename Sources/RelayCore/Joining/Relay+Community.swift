import CoreModel
import Secure
import Wire

/// The keys of a relay's process.
struct RelayKeys {
    let identity: Identity
    /// The key that this process proves its identity with in handshakes.
    let staticKey: NoiseKeyPair
    /// The key by which its members know it and its room: its community's.
    let community: PeerID
    /// The room that a member takes for the relay's whose program knows no communities; nil if it is right.
    let roomFromBefore: RoomID?

    init(identity: Identity, staticKey: NoiseKeyPair, community: PeerID) {
        self.identity = identity
        self.staticKey = staticKey
        self.community = community
        roomFromBefore = community == identity.peerID ? nil : .relayLobby(of: identity.peerID)
    }

    func keepCommunity(in archive: any Archive) throws(ArchiveError) {
        let value = community == identity.peerID ? [] : community.bytes
        let kept = try archive.setting(ArchiveSetting.community) ?? []
        if kept != value { try archive.setSetting(ArchiveSetting.community, to: value) }
    }
}

extension RelayConfiguration {
    /// - Precondition: a certificate is for this relay.
    func community(_ identity: Identity) -> PeerID {
        guard let certificate = certificate?.certificate else { return identity.peerID }
        precondition(certificate.relay == identity.peerID, "a relay has a certificate of its own")
        return certificate.community
    }
}

/// A certificate ends: operators are told in time (Protocol.md, Communities).
extension Relay {
    /// - Parameter isNew: it has just been taken up, so it is told in any case how long it holds.
    mutating func lookAtCertificate(isNew: Bool) {
        guard let certificate = configuration.certificate?.certificate else { return }
        timers.schedule(.certificate, at: now + Bounds.certificateInterval)
        let end = WallTime(milliseconds: certificate.notAfter)
        guard wall.milliseconds <= certificate.notAfter else {
            note(
                .warning,
                "the certificate of the community expired on \(end.utcText): members are no longer let in by their own "
                    + "programs; \(Self.renewal(of: certificate))")
            return
        }
        // To the nearest day.
        let days = (certificate.notAfter - wall.milliseconds + 43_200_000) / 86_400_000
        let time = days == 0 ? "less than a day" : days == 1 ? "1 day" : "\(days) days"
        let text = "the certificate of the community holds for \(time), until \(end.utcText)"
        if days <= Bounds.certificateWarningDays {
            note(.warning, "\(text): \(Self.renewal(of: certificate))")
        } else if isNew {
            note(.info, text)
        }
    }

    private static func renewal(of certificate: RelayCertificate) -> String {
        "renew it where the community's key is (earshot relay community sign KEY-FILE \(certificate.relay)), put it in the "
            + "place of the old one and send this relay a SIGHUP"
    }
}
