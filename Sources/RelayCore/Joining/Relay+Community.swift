import CoreModel
import Secure
import Wire

/// The keys of a relay's process.
struct RelayKeys {
    let identity: Identity
    /// The key that this process proves its identity with in handshakes.
    let staticKey: NoiseKeyPair
    /// The key that identifies the relay and its room to members: its community's.
    let community: PeerID
    /// The room that a program without communities takes for this relay's; nil if that program is right.
    let precommunityRoom: RoomID?

    init(identity: Identity, staticKey: NoiseKeyPair, community: PeerID) {
        self.identity = identity
        self.staticKey = staticKey
        self.community = community
        precommunityRoom = community == identity.peerID ? nil : .relayLobby(of: identity.peerID)
    }

    /// Stores the community in the archive if it has changed.
    func keepCommunity(in archive: any Archive) throws(ArchiveError) {
        let value = community == identity.peerID ? [] : community.bytes
        let kept = try archive.setting(ArchiveSetting.community) ?? []
        if kept != value { try archive.setSetting(ArchiveSetting.community, to: value) }
    }
}

extension RelayConfiguration {
    /// Returns the key of the relay's community, or its own key without a certificate.
    /// - Precondition: A certificate is for this relay.
    func community(_ identity: Identity) -> PeerID {
        guard let certificate = certificate?.certificate else { return identity.peerID }
        precondition(certificate.relay == identity.peerID, "a relay has a certificate of its own")
        return certificate.community
    }
}

/// Operators are warned in time before a certificate expires (Protocol.md, Communities).
extension Relay {
    /// Notes how long the certificate is still valid, and schedules the next check.
    /// - Parameter isNew: Whether the certificate has just been loaded, in which case its end is noted in any case.
    mutating func checkCertificate(isNew: Bool) {
        guard let certificate = configuration.certificate?.certificate else { return }
        timers.schedule(.certificate, at: now + Bounds.certificateInterval)
        let end = WallTime(milliseconds: certificate.notAfter)
        guard wall.milliseconds <= certificate.notAfter else {
            note(
                .warning,
                "the certificate of the community expired on \(end.utcText): members refuse this relay until it has a new "
                    + "one; \(Self.renewal(of: certificate))")
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
