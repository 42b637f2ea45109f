import Wire

/// The gatherings that we were in, on which networks and until when: who comes back to a network within 12 h takes up
/// its gathering again (DESIGN §5).
struct KnownGatherings: Equatable {
    struct Visit: Equatable {
        var gathering: GatheringID
        /// Empty: no network but this machine's own.
        var networks: [NetworkInterface.Prefix]
        var last: WallTime
    }

    /// How long one is taken up again.
    static let memoryMilliseconds: UInt64 = 12 * 3600 * 1000
    /// Networks that somebody comes through in half a day.
    static let capacity = 16
    /// Networks of one visit that are kept.
    static let networkCount = 16

    /// The last one is the latest.
    private(set) var visits: [Visit] = []

    init() {}

    /// We are in this gathering, on these networks, now.
    mutating func noteVisit(to gathering: GatheringID, on networks: [NetworkInterface.Prefix], at wall: WallTime) {
        visits.removeAll { $0.gathering == gathering }
        visits.append(Visit(gathering: gathering, networks: Array(networks.prefix(Self.networkCount)), last: wall))
        if visits.count > Self.capacity { visits.removeFirst(visits.count - Self.capacity) }
    }

    /// Two have met and are one.
    mutating func noteMerge(of former: GatheringID) { visits.removeAll { $0.gathering == former } }

    /// The one that is not too long ago and was on these networks, or on the most of them; of several the latest. No
    /// network is a place too.
    func gathering(on networks: [NetworkInterface.Prefix], at wall: WallTime) -> GatheringID? {
        var best: Visit?
        for visit in visits where networks.include(visit.networks) {
            // A clock that was set back does no harm.
            guard wall.milliseconds <= visit.last.milliseconds &+ Self.memoryMilliseconds else { continue }
            if visit.networks.count >= best?.networks.count ?? 0 { best = visit }
        }
        return best?.gathering
    }

    // As a setting.

    static let setting = "gatherings"

    /// - Returns: nothing known for what is not of this form.
    init(decoding bytes: [UInt8]) {
        visits = (try? Self.visits(in: bytes)) ?? []
    }

    private static func visits(in bytes: [UInt8]) throws(CBORError) -> [Visit] {
        var reader = CBORReader(bytes)
        var visits: [Visit] = []
        for _ in 0..<(try reader.array(maximum: capacity)) {
            _ = try reader.array(maximum: 3)
            let gathering: GatheringID = try reader.identifier()
            let last = WallTime(milliseconds: min(try reader.unsigned(), Limits.wallTime))
            var networks: [NetworkInterface.Prefix] = []
            for _ in 0..<(try reader.array(maximum: networkCount)) {
                _ = try reader.array(maximum: 2)
                let address = IPAddress(try reader.text(maximumBytes: 64))
                let length = UInt8(clamping: try reader.unsigned())
                if let address { networks.append(.init(address: address, length: length)) }
            }
            visits.append(Visit(gathering: gathering, networks: networks, last: last))
        }
        return visits
    }

    func encoded() -> [UInt8] {
        var writer = CBORWriter()
        writer.array(count: visits.count)
        for visit in visits {
            writer.array(count: 3)
            writer.identifier(visit.gathering)
            writer.unsigned(visit.last.milliseconds)
            writer.array(count: visit.networks.count)
            for network in visit.networks {
                writer.array(count: 2)
                writer.text(network.address.description)
                writer.unsigned(UInt64(network.length))
            }
        }
        return writer.bytes
    }
}
