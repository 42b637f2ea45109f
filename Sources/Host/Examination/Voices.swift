import Doctor
import Secure
import Wire

/// Announcements received, counted per peer, with verified signatures; bounded, whatever arrives.
struct Voices {
    private var heard: [HearingFacts.Voice] = []
    private var checkedCount = 0
    private(set) var otherVersions: [UInt64] = []

    mutating func heard(_ bytes: [UInt8], from endpoint: Endpoint) {
        guard checkedCount < HostBounds.checkedAnnouncementCount else { return }
        do throws(SignedError) {
            let signed = try SignedAnnouncement(parsingPadded: bytes)
            checkedCount += 1
            guard signed.verify() else { return }
            let announcement = signed.announcement
            if let place = heard.firstIndex(where: { $0.peer == announcement.peer && $0.address == endpoint.address }) {
                heard[place].count += 1
            } else if heard.count < HostBounds.heardPeerCount {
                heard.append(
                    HearingFacts.Voice(
                        peer: announcement.peer, name: announcement.name, address: endpoint.address, count: 1,
                        linkPort: announcement.linkPort))
            }
        } catch {
            if case .anotherVersion(let version) = error, !otherVersions.contains(version), otherVersions.count < 8 {
                otherVersions.append(version)
            }
        }
    }

    /// Returns each peer once, with the address where it was first received, without those of this machine.
    func of(others own: [IPAddress]) -> [HearingFacts.Voice] {
        var voices: [HearingFacts.Voice] = []
        for voice in heard where !own.contains(voice.address) {
            if let place = voices.firstIndex(where: { $0.peer == voice.peer }) {
                voices[place].count += voice.count
            } else {
                voices.append(voice)
            }
        }
        return voices
    }
}
