import CoreModel
import RoomSync
import TestKit
import Testing
import Wire

@Suite struct LogIndexTests {
    @Test("insertions and removals give the keys and fingerprints of a sorted array", arguments: 0..<20)
    func model(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        var index = LogIndex()
        var model: [EntryKey] = []
        for step in 0..<2_500 {
            if !model.isEmpty, Int.random(in: 0..<4, using: &random) == 0 {
                let key = model.remove(at: Int.random(in: 0..<model.count, using: &random))
                let answers = [index.remove(key), index.remove(key)]
                #expect(answers == [true, false])
            } else {
                let key = EntryKey(
                    lamport: UInt64.random(in: 1...50, using: &random), id: EntryID(random.bytes(32))!)
                let answers = [index.insert(key), index.insert(key)]
                #expect(answers == [true, false])
                model.insert(key, at: model.firstIndex { $0 > key } ?? model.count)
            }
            guard step % 100 == 0 else { continue }
            #expect(index.keys == model)
            let from = Int.random(in: 0...model.count, using: &random)
            let to = Int.random(in: from...model.count, using: &random)
            // Whatever its history, an index of the same keys has the same fingerprint.
            #expect(index.fingerprint(at: from..<to) == LogIndex(ascending: Array(model[from..<to])).whole)
            if from < model.count {
                #expect(index[from] == model[from])
                #expect(index.contains(model[from]))
                #expect(index.position(of: model[from]) == from)
            }
        }
        #expect(index.first == model.first && index.last == model.last && index.count == model.count)
    }

    @Test("fingerprints tell apart sets of equal sums: a key of zero bytes counts")
    func countIsMixedIn() {
        let zero = LogIndex(ascending: [EntryKey(lamport: 1, id: .least)])
        #expect(zero.whole != LogIndex().whole)
        #expect(zero.whole.bytes.count == Fingerprint.byteCount)
        #expect(Fingerprint(zero.whole.bytes) == zero.whole)
    }
}

extension LogIndex {
    fileprivate var whole: Fingerprint { fingerprint(at: 0..<count) }
}
