import Secure
package import Wire

/// The data that a liar has captured, to be used against its senders. Each list keeps its latest elements.
package struct CapturedTraffic {
    package private(set) var datagrams: [[UInt8]] = []
    package private(set) var endpoints: [Endpoint] = []
    package private(set) var names: [String] = []
    package private(set) var peers: [PeerID] = []
    package private(set) var entries: [[UInt8]] = []
    package private(set) var entryIDs: [EntryID] = []
    package private(set) var advertisements: [[UInt8]] = []
    package private(set) var processes: [ProcessTag] = []
    package private(set) var digest: [UInt64]?
    package private(set) var gathering: GatheringID?
    /// The greatest Lamport time that an honest peer may have used.
    package private(set) var lamport: UInt64 = 1
    var ownAnnouncement: [UInt8] = []
    private static let kept = 64

    package init() {}

    package let lobby = RoomID(SHA256.hash(Array("earshot lobby v1".utf8))) ?? .least

    package func conversation(_ one: PeerID, _ other: PeerID) -> RoomID {
        let bytes = Array("earshot pair v1".utf8) + min(one, other).bytes + max(one, other).bytes
        return RoomID(SHA256.hash(bytes)) ?? .least
    }

    private static func keep<Element>(_ element: Element, in list: inout [Element]) {
        list.append(element)
        if list.count > kept { list.removeFirst() }
    }

    package mutating func datagram(_ bytes: [UInt8], from source: Endpoint, except own: PeerID) {
        guard let announcement = try? SignedAnnouncement(parsing: bytes).announcement, announcement.peer != own else {
            return
        }
        Self.keep(bytes, in: &datagrams)
        Self.keep(Endpoint(address: source.address, port: announcement.linkPort), in: &endpoints)
        Self.keep(announcement.name, in: &names)
        Self.keep(announcement.peer, in: &peers)
    }

    package mutating func frame(_ frame: Frame) {
        switch frame {
        case .hello(let announcement, let gathering, _):
            Self.keep(announcement, in: &datagrams)
            self.gathering = gathering ?? self.gathering
        case .announcement(let bytes): Self.keep(bytes, in: &datagrams)
        case .gathering(let gathering): self.gathering = gathering
        case .entries(let list):
            for bytes in list {
                Self.keep(bytes, in: &entries)
                guard let entry = try? SignedEntry(parsing: bytes) else { continue }
                Self.keep(entry.id, in: &entryIDs)
                lamport = max(lamport, entry.entry.lamport)
            }
        case .have(_, let ids), .want(_, let ids): for id in ids.suffix(Self.kept) { Self.keep(id, in: &entryIDs) }
        case .advertisements(let list):
            for stated in list {
                Self.keep(stated.advertisement, in: &advertisements)
                if let signed = try? SignedAdvertisement(parsing: stated.advertisement) {
                    Self.keep(signed.process, in: &processes)
                }
            }
        case .advertise(let keys): for key in keys.suffix(Self.kept) { Self.keep(key.process, in: &processes) }
        case .digest(let sums): digest = sums
        default: break
        }
    }
}
