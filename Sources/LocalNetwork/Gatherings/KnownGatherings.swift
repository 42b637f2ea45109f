package import CoreModel
package import Wire

/// The gatherings that we were in, where and until when: who comes back to a place within 12 h takes up its gathering
/// again (DESIGN §5).
package struct KnownGatherings: Equatable {
    package struct Record: Equatable {
        package var gathering: GatheringID
        package var place: NetworkLocation
        package var last: WallTime
        /// The same as it was counted (``AgeClock``).
        package var counted: WallTime
    }

    /// How long one is taken up again.
    static let memoryMilliseconds: UInt64 = 12 * 3600 * 1000
    /// Networks that somebody comes through in half a day.
    package static let capacity = 16
    /// Networks, and routers, of one visit that are kept.
    static let networkCount = 16
    /// Bytes of a router's hardware address: 6 of Ethernet, 20 of InfiniBand.
    static let routerBytes = 32

    /// The last one is the latest.
    package private(set) var records: [Record] = []
    /// Those before them, which are not taken up again; what was said there is still ours to read.
    package private(set) var earlier = EarlierGatherings()

    package init() {}

    /// We are in this gathering, in this place, now.
    /// - Parameter counted: nil: as the wall clock says.
    package mutating func noteStay(
        to gathering: GatheringID, in place: NetworkLocation, at wall: WallTime, _ counted: WallTime? = nil
    ) {
        records.removeAll { $0.gathering == gathering }
        earlier.remove(gathering)
        let place = NetworkLocation(
            prefixes: Array(place.prefixes.prefix(Self.networkCount)),
            routers: place.routers.prefix(Self.networkCount).map { Array($0.prefix(Self.routerBytes)) })
        records.append(Record(gathering: gathering, place: place, last: wall, counted: counted ?? wall))
        while records.count > Self.capacity { earlier.add(records.removeFirst()) }
    }

    /// Two have met and are one.
    package mutating func noteMerge(of former: GatheringID) {
        records.removeAll { $0.gathering == former }
        earlier.remove(former)
    }

    /// What is to be kept of the earlier ones, if it has changed since it was last asked for.
    package mutating func takeEarlierChange() -> [UInt8]? { earlier.takeChange() }

    /// All that were in this place besides the one that goes on there, the latest last.
    package func before(_ present: GatheringID?, in place: NetworkLocation) -> [GatheringID] {
        (earlier.records + records).filter { place.resumes($0.place) && $0.gathering != present }.map(\.gathering)
    }

    /// The one that is not too long ago and was in this place, on the most of its networks; of several the latest. No
    /// network is a place too.
    ///
    /// What a gathering is told cannot be taken back, so neither clock may say that it is too long ago. A clock that was
    /// set back does no harm; but a gathering of a time that has not come yet, by a clock that was wrong then, does not
    /// take the place of one from before.
    /// - Parameter counted: nil: as the wall clock says.
    package func gathering(in place: NetworkLocation, at wall: WallTime, _ counted: WallTime? = nil) -> GatheringID? {
        let counted = counted ?? wall
        var best: (record: Record, rank: (Int, Int))?
        for record in records where place.resumes(record.place) {
            guard wall.milliseconds <= record.last.milliseconds &+ Self.memoryMilliseconds,
                counted.milliseconds <= record.counted.milliseconds &+ Self.memoryMilliseconds
            else { continue }
            let isYetToCome = record.last.milliseconds > wall.milliseconds &+ AgeClock.toleranceMilliseconds
            let rank = (isYetToCome ? 0 : 1, record.place.prefixes.count)
            if best.map({ rank >= $0.rank }) ?? true { best = (record, rank) }
        }
        return best?.record.gathering
    }

    // As a setting.

    package static let setting = "gatherings"

    /// - Returns: nothing known for what is not of this form.
    package init(decoding bytes: [UInt8], earlier: [UInt8] = []) {
        records = (try? Self.records(in: bytes)) ?? []
        self.earlier = EarlierGatherings(decoding: earlier)
    }

    /// - Parameter capacity: the most that there may be.
    package static func records(in bytes: [UInt8], capacity: Int = capacity) throws(CBORError) -> [Record] {
        var reader = CBORReader(bytes)
        var records: [Record] = []
        for _ in 0..<(try reader.array(maximum: capacity)) {
            // What earlier versions kept knows no routers, or no counted time.
            let count = try reader.array(maximum: 5)
            let gathering: GatheringID = try reader.identifier()
            let last = WallTime(milliseconds: min(try reader.unsigned(), Limits.wallTime))
            var place = NetworkLocation()
            for _ in 0..<(try reader.array(maximum: networkCount)) {
                _ = try reader.array(maximum: 2)
                let address = IPAddress(try reader.text(maximumBytes: 64))
                let length = UInt8(clamping: try reader.unsigned())
                if let address { place.prefixes.append(.init(address: address, length: length)) }
            }
            for _ in 0..<(count > 3 ? try reader.array(maximum: networkCount) : 0) {
                place.routers.append(Array(try reader.bytes(maximum: routerBytes)))
            }
            let counted = count > 4 ? WallTime(milliseconds: min(try reader.unsigned(), Limits.wallTime)) : last
            records.append(Record(gathering: gathering, place: place, last: last, counted: counted))
        }
        return records
    }

    package func encoded() -> [UInt8] { Self.encoded(records) }

    package static func encoded(_ records: [Record]) -> [UInt8] {
        var writer = CBORWriter()
        writer.array(count: records.count)
        for record in records {
            writer.array(count: 5)
            writer.identifier(record.gathering)
            writer.unsigned(record.last.milliseconds)
            writer.array(count: record.place.prefixes.count)
            for network in record.place.prefixes {
                writer.array(count: 2)
                writer.text(network.address.description)
                writer.unsigned(UInt64(network.length))
            }
            writer.array(count: record.place.routers.count)
            for router in record.place.routers { writer.bytes(router) }
            writer.unsigned(record.counted.milliseconds)
        }
        return writer.bytes
    }
}

/// Gatherings that were given up for new ones long ago, the latest last. Kept under a setting of its own, which changes
/// seldom.
package struct EarlierGatherings: Equatable {
    /// One a day for as long as lines are kept by default, and several networks.
    package static let capacity = 256
    package static let setting = "earlier gatherings"

    package private(set) var records: [KnownGatherings.Record] = []
    private var hasChanged = false

    package init() {}

    package mutating func add(_ record: KnownGatherings.Record) {
        records.append(record)
        if records.count > Self.capacity { records.removeFirst() }
        hasChanged = true
    }

    package mutating func remove(_ gathering: GatheringID) {
        guard let place = records.firstIndex(where: { $0.gathering == gathering }) else { return }
        records.remove(at: place)
        hasChanged = true
    }

    /// What is to be kept, if it has changed since it was last asked for.
    package mutating func takeChange() -> [UInt8]? {
        guard hasChanged else { return nil }
        hasChanged = false
        return KnownGatherings.encoded(records)
    }

    /// - Returns: nothing known for what is not of this form.
    package init(decoding bytes: [UInt8]) {
        records = (try? KnownGatherings.records(in: bytes, capacity: Self.capacity)) ?? []
    }
}
