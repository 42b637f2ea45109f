/// The frames that spread link-state advertisements by gossip (Protocol.md, Big networks).
extension Frame {
    func writeOfAdvertisements(to writer: inout CBORWriter) {
        switch self {
        case .digest(let sums):
            precondition(sums.count == Limits.digestSumCount, "a digest has 64 sums")
            writer.begin(.digest, fieldCount: 1)
            writer.numbers(sums)
        case .advertise(let keys):
            precondition(keys.count <= Limits.frameIDCount, "a frame has at most 1,024 IDs")
            writer.begin(.advertise, fieldCount: 1)
            writer.numbers(keys.flatMap { [$0.process.number, $0.sequence] })
        case .request(let processes):
            precondition(processes.count <= Limits.frameIDCount, "a frame has at most 1,024 IDs")
            writer.begin(.request, fieldCount: 1)
            writer.numbers(processes.map(\.number))
        case .advertisements(let peers):
            precondition(peers.count <= Limits.frameIntroductionCount, "a frame has at most 64 statements")
            writer.begin(.advertisements, fieldCount: 1)
            writer.array(count: peers.count)
            for peer in peers {
                precondition(
                    1...Limits.advertisementBytes ~= peer.advertisement.count, "a statement has at most 2,048 bytes")
                writer.array(count: 2)
                writer.bytes(peer.advertisement)
                writer.endpoints(peer.endpoints)
            }
        default:
            preconditionFailure("a frame of another kind")
        }
    }

    static func decodeOfAdvertisements(_ type: TypeNumber, _ fields: inout FieldReader) throws(WireError) -> Frame {
        switch type {
        case .digest:
            let sums = try fields.numbers("sums", maximum: Limits.digestSumCount, multiple: Limits.digestSumCount)
            guard !sums.isEmpty else {
                let size = Limits.digestSumCount * 8
                throw .wrongSize(field: "sums", bytes: 0, allowed: size...size)
            }
            return .digest(sums)
        case .advertise:
            let numbers = try fields.numbers("keys", maximum: 2 * Limits.frameIDCount, multiple: 2)
            return .advertise(
                stride(from: 0, to: numbers.count, by: 2).map {
                    AdvertisementKey(process: ProcessTag(number: numbers[$0]), sequence: numbers[$0 + 1])
                })
        case .request:
            return .request(
                try fields.numbers("processes", maximum: Limits.frameIDCount).map { ProcessTag(number: $0) })
        case .advertisements:
            return .advertisements(
                try fields.list("statements", maximum: Limits.frameIntroductionCount) {
                    (reader) throws(CBORError) in try AdvertisedPeer(from: &reader)
                })
        default:
            preconditionFailure("a frame of another kind")
        }
    }
}

extension AdvertisedPeer {
    fileprivate init(from reader: inout CBORReader) throws(CBORError) {
        self = try reader.fields(2) { (reader) throws(CBORError) in
            let advertisement = Array(try reader.bytes(maximum: Limits.advertisementBytes))
            return AdvertisedPeer(advertisement: advertisement, endpoints: try Endpoint.list(from: &reader))
        }
    }
}
