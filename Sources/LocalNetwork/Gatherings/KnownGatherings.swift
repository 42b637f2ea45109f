package import CoreModel
package import Wire

/// The gatherings that we were in, with their network locations and times: a peer that returns to a location within 12
/// h rejoins its gathering (Protocol.md, Gatherings).
package struct KnownGatherings: Equatable {
    /// A gathering, where it was, and until when we were in it.
    package struct Record: Equatable {
        package var gathering: GatheringID
        package var location: NetworkLocation
        package var last: WallTime
        /// The time ``last`` by the counted clock (``AgeClock``).
        package var counted: WallTime
    }

    /// How long a gathering can be rejoined.
    static let memoryMilliseconds: UInt64 = 12 * 3600 * 1000
    /// The maximum number of gatherings to rejoin: the networks that somebody passes in half a day.
    package static let capacity = 16
    /// The maximum number of networks, and of routers, kept of one location.
    static let networkCount = 16
    /// The maximum size of a router's hardware address in bytes: 6 for Ethernet, 20 for InfiniBand.
    static let routerBytes = 32

    /// The gatherings that can be rejoined, the latest last.
    package private(set) var records: [Record] = []
    /// The earlier ones, which cannot be rejoined but whose messages stay readable.
    package private(set) var earlier = EarlierGatherings()

    package init() {}

    /// Records that we are in this gathering, at this location, now.
    /// - Parameter counted: The counted time; nil: the wall clock's.
    package mutating func noteStay(
        to gathering: GatheringID, in location: NetworkLocation, at wall: WallTime, _ counted: WallTime? = nil
    ) {
        records.removeAll { $0.gathering == gathering }
        earlier.remove(gathering)
        let location = NetworkLocation(
            prefixes: Array(location.prefixes.prefix(Self.networkCount)),
            routers: location.routers.prefix(Self.networkCount).map { Array($0.prefix(Self.routerBytes)) })
        records.append(Record(gathering: gathering, location: location, last: wall, counted: counted ?? wall))
        while records.count > Self.capacity { earlier.add(records.removeFirst()) }
    }

    /// Removes a gathering that has merged into another.
    package mutating func noteMerge(of former: GatheringID) {
        records.removeAll { $0.gathering == former }
        earlier.remove(former)
    }

    /// Returns the earlier gatherings in stored form, if they have changed since the last call.
    package mutating func takeEarlierChange() -> [UInt8]? { earlier.takeChange() }

    /// Returns all gatherings at this location except the present one, the latest last.
    package func before(_ present: GatheringID?, in location: NetworkLocation) -> [GatheringID] {
        (earlier.records + records).filter { location.resumes($0.location) && $0.gathering != present }.map(\.gathering)
    }

    /// Returns the gathering to rejoin at this location: one that is recent enough, with the most networks in common;
    /// of several the latest. Having no network is a location too.
    ///
    /// Messages sent to a gathering cannot be taken back, so it is rejoined only if it is recent enough by both clocks.
    /// A clock that was set back does no harm; but a gathering whose time lies in the future, recorded while the clock
    /// was wrong, ranks below one from the past.
    /// - Parameter counted: The counted time; nil: the wall clock's.
    package func gathering(in location: NetworkLocation, at wall: WallTime, _ counted: WallTime? = nil) -> GatheringID?
    {
        let counted = counted ?? wall
        var best: (record: Record, rank: (Int, Int))?
        for record in records where location.resumes(record.location) {
            guard wall.milliseconds <= record.last.milliseconds &+ Self.memoryMilliseconds,
                counted.milliseconds <= record.counted.milliseconds &+ Self.memoryMilliseconds
            else { continue }
            let isYetToCome = record.last.milliseconds > wall.milliseconds &+ AgeClock.toleranceMilliseconds
            let rank = (isYetToCome ? 0 : 1, record.location.prefixes.count)
            if best.map({ rank >= $0.rank }) ?? true { best = (record, rank) }
        }
        return best?.record.gathering
    }

    // Stored form.

    /// The setting that the records are stored in.
    package static let setting = "gatherings"

    /// Decodes stored gatherings; empty if they are malformed.
    package init(decoding bytes: [UInt8], earlier: [UInt8] = []) {
        records = (try? Self.records(in: bytes)) ?? []
        self.earlier = EarlierGatherings(decoding: earlier)
    }

    /// Decodes stored records.
    /// - Parameter capacity: The maximum number of records.
    /// - Throws: An error if they are malformed.
    package static func records(in bytes: [UInt8], capacity: Int = capacity) throws(CBORError) -> [Record] {
        var reader = CBORReader(bytes)
        var records: [Record] = []
        for _ in 0..<(try reader.array(maximum: capacity)) {
            // Records of earlier versions have no routers, or no counted time.
            let count = try reader.array(maximum: 5)
            let gathering: GatheringID = try reader.identifier()
            let last = WallTime(milliseconds: min(try reader.unsigned(), Limits.wallTime))
            var location = NetworkLocation()
            for _ in 0..<(try reader.array(maximum: networkCount)) {
                _ = try reader.array(maximum: 2)
                let address = IPAddress(try reader.text(maximumBytes: 64))
                let length = UInt8(clamping: try reader.unsigned())
                if let address { location.prefixes.append(.init(address: address, length: length)) }
            }
            for _ in 0..<(count > 3 ? try reader.array(maximum: networkCount) : 0) {
                location.routers.append(Array(try reader.bytes(maximum: routerBytes)))
            }
            let counted = count > 4 ? WallTime(milliseconds: min(try reader.unsigned(), Limits.wallTime)) : last
            records.append(Record(gathering: gathering, location: location, last: last, counted: counted))
        }
        return records
    }

    /// Returns the records in stored form.
    package func encoded() -> [UInt8] { Self.encoded(records) }

    /// Encodes records as CBOR.
    package static func encoded(_ records: [Record]) -> [UInt8] {
        var writer = CBORWriter()
        writer.array(count: records.count)
        for record in records {
            writer.array(count: 5)
            writer.identifier(record.gathering)
            writer.unsigned(record.last.milliseconds)
            writer.array(count: record.location.prefixes.count)
            for network in record.location.prefixes {
                writer.array(count: 2)
                writer.text(network.address.description)
                writer.unsigned(UInt64(network.length))
            }
            writer.array(count: record.location.routers.count)
            for router in record.location.routers { writer.bytes(router) }
            writer.unsigned(record.counted.milliseconds)
        }
        return writer.bytes
    }
}

/// The gatherings too old to rejoin, the latest last. Stored in a setting of its own, which changes rarely.
package struct EarlierGatherings: Equatable {
    /// The maximum number of records: one a day for as long as messages are kept by default, on several networks.
    package static let capacity = 256
    /// The setting that the records are stored in.
    package static let setting = "earlier gatherings"

    package private(set) var records: [KnownGatherings.Record] = []
    private var hasChanged = false

    package init() {}

    /// Appends a record; drops the oldest if there are too many.
    package mutating func add(_ record: KnownGatherings.Record) {
        records.append(record)
        if records.count > Self.capacity { records.removeFirst() }
        hasChanged = true
    }

    /// Removes the record of a gathering.
    package mutating func remove(_ gathering: GatheringID) {
        guard let index = records.firstIndex(where: { $0.gathering == gathering }) else { return }
        records.remove(at: index)
        hasChanged = true
    }

    /// Returns the records in stored form, if they have changed since the last call.
    package mutating func takeChange() -> [UInt8]? {
        guard hasChanged else { return nil }
        hasChanged = false
        return KnownGatherings.encoded(records)
    }

    /// Decodes stored gatherings; empty if they are malformed.
    package init(decoding bytes: [UInt8]) {
        records = (try? KnownGatherings.records(in: bytes, capacity: Self.capacity)) ?? []
    }
}
