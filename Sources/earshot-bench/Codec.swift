import COpenSSL
import Secure
import Wire

extension Benchmark {
    static let codec = Benchmark(
        name: "codec",
        about: "Bytes to values and back; the floor is a copy of the bytes, or libcrypto called directly."
    ) { plan in
        var report = MeasurementReport()
        let entry = Fixtures.entries(2)[1]
        let batch = Fixtures.entries(160).map(\.bytes)
        report.compare("entry, encode", plan, { use(entry.entry.encoded()) }, floor: { use(copy(entry.bytes)) })
        try report.compare(
            "entry, read", plan, { use(try SignedEntry(parsing: entry.bytes)) }, floor: { use(copy(entry.bytes)) })
        report.compare(
            "entry, sign", plan, { use(SignedEntry(signing: entry.entry, by: Fixtures.identity)) },
            floor: signing(entry.bytes))
        report.compare("entry, verify", plan, { use(entry.verify()) }, floor: verifying(entry.bytes))
        for count in [1, 160] {
            let frame = Frame.entries(Array(batch.prefix(count)))
            let encoded = frame.encoded()
            report.compare("frame of \(count), encode", plan, { use(frame.encoded()) }, floor: { use(copy(encoded)) })
            try report.compare(
                "frame of \(count), read", plan, { use(try Frame(decoding: encoded)) }, floor: { use(copy(encoded)) })
        }
        for size in [100, 300, 16_384] { try report.sealing(size, plan) }
        return report
    }
}

extension MeasurementReport {
    /// Adds a line with an operation, its floor and the ratio.
    mutating func compare(
        _ name: String, _ plan: Plan, _ operation: () throws -> Void, floor: () throws -> Void
    ) rethrows {
        let (timing, lowest, ratio) = try Timing.of(plan, operation, beside: floor)
        add(name) { line in
            line.add("time", timing.nanoseconds, .nanoseconds, spread: timing.spread)
            line.add("rate", timing.perSecond, .perSecond)
            line.add("allocations", timing.allocations, .count)
            line.add("floor", lowest.nanoseconds, .nanoseconds, spread: lowest.spread)
            line.add("time/floor", ratio, .times)
        }
    }

    fileprivate mutating func sealing(_ size: Int, _ plan: Plan) throws {
        let text = [UInt8](repeating: 5, count: size)
        let (ana, _) = try Handshaking().transports()
        var record: [UInt8] = []
        record.reserveCapacity(size + 32)
        let key = [UInt8](repeating: 1, count: 32)
        var sealed = [UInt8](repeating: 0, count: size + 16)
        let floor = { use(earshot_aead_seal(key, key, nil, 0, text, text.count, &sealed)) }
        compare(
            "record of \(size) B, seal", plan,
            {
                record.removeAll(keepingCapacity: true)
                record.append(contentsOf: text)
                ana.seal(tailOf: &record, from: 0)
            }, floor: floor)
        // A record has to be sealed before it can be opened.
        let (cara, dan) = try Handshaking().transports()
        var plaintext: [UInt8] = []
        plaintext.reserveCapacity(size)
        try compare(
            "record of \(size) B, seal and open", plan,
            {
                record.removeAll(keepingCapacity: true)
                plaintext.removeAll(keepingCapacity: true)
                cara.seal(text[...], into: &record)
                try dan.open(record[...], into: &plaintext)
            }, floor: floor)
    }
}

private func copy(_ bytes: [UInt8]) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: bytes.count) { buffer, count in
        count = bytes.count
        _ = buffer.update(fromContentsOf: bytes)
    }
}

private func signing(_ message: [UInt8]) -> () -> Void {
    let key = earshot_ed25519_key([UInt8](repeating: 7, count: 32))
    var signature = [UInt8](repeating: 0, count: 64)
    return { use(earshot_ed25519_sign(key, message, message.count, &signature)) }
}

private func verifying(_ message: [UInt8]) -> () -> Void {
    let key = earshot_ed25519_key([UInt8](repeating: 7, count: 32))
    var signature = [UInt8](repeating: 0, count: 64)
    _ = earshot_ed25519_sign(key, message, message.count, &signature)
    let peer = Fixtures.identity.peerID.bytes
    return { use(earshot_ed25519_verify(peer, message, message.count, signature)) }
}
