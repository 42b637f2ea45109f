import Secure
import Wire

/// Lies about the presence and the links of peers (Protocol.md, Big networks).
extension Liar {
    mutating func statedLie() -> Frame? {
        switch random.uniform(below: 8) {
        case 0: return .digest(random.unit() < 0.5 ? heard.digest ?? sums() : sums())
        case 1: return .advertise(processes().map { AdvertisementKey(process: $0, sequence: random.next() >> 10) })
        case 2: return .request(processes())
        case 3, 4: return advertisement(by: identity, of: heard.ownAnnouncement, links: processes())
        // Replayed, with a location where no peer is.
        case 5:
            return any(of: heard.advertisements).map {
                .advertisements([AdvertisedPeer(advertisement: $0, endpoints: elsewhere())])
            }
        // A forged claim that another peer has no links any more.
        case 6: return any(of: heard.datagrams).flatMap { forged($0) }
        default:
            let invented = Identity(seed: random.bytes(Identity.seedBytes), signing: identity.signing)
            let announcement = Announcement(
                kind: .announce, peer: invented.peerID, instance: random.next() | 1, sequence: random.next() >> 12,
                name: any(of: heard.names) ?? "nobody", claimTime: 0, linkPort: 47474)
            return advertisement(
                by: invented, of: SignedAnnouncement(signing: announcement, by: invented).bytes, links: processes())
        }
    }

    private mutating func sums() -> [UInt64] { (0..<Limits.digestSumCount).map { _ in random.next() } }

    private func elsewhere() -> [Endpoint] { [Endpoint(address: .v4(0x0A00_00FE), port: 47474)] }

    /// Returns some processes that exist and some that do not, ascending and without duplicates.
    private mutating func processes() -> [ProcessTag] {
        let strange = (0..<random.uniform(below: 4)).map { _ in ProcessTag(number: random.next()) }
        return Set(heard.processes.suffix(Int(1 + random.uniform(below: 60))) + strange).sorted()
    }

    private mutating func advertisement(by author: Identity, of announcement: [UInt8], links: [ProcessTag]) -> Frame? {
        guard let announcement = try? SignedAnnouncement(parsing: announcement, with: identity.signing),
            announcement.announcement.peer == author.peerID
        else { return nil }
        sequence += 1
        let advertisement = LinkStateAdvertisement(
            sequence: random.unit() < 0.1 ? random.next() >> 8 : sequence, announcement: announcement.bytes,
            away: random.unit() < 0.2 ? "lying" : nil, links: links)
        let signed = SignedAdvertisement(signing: advertisement, announcement: announcement, by: author)
        return .advertisements([AdvertisedPeer(advertisement: signed.bytes, endpoints: elsewhere())])
    }

    private mutating func forged(_ announcement: [UInt8]) -> Frame? {
        let payload = LinkStateAdvertisement(
            sequence: random.next() >> 8, announcement: announcement, away: nil, links: []
        )
        .encoded()
        let envelope = Envelope(payload: payload, signature: identity.sign(payload, for: .advertisement))
        return .advertisements([AdvertisedPeer(advertisement: envelope.bytes, endpoints: [])])
    }
}
