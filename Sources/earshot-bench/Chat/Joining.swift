extension Benchmark {
    static let join = Benchmark(
        name: "join",
        about: "A newcomer's first moments, from the start of the process; the floor is a process that only prints its "
            + "version."
    ) { plan in
        var report = MeasurementReport()
        for count in plan.meant(plan.isQuick ? [2, 10] : [2, 10, 50]) {
            let state = try ScratchDirectory()
            defer { state.remove() }
            let present = try ChatProcess.meeting(count - 1, named: "p", state: state)
            var (first, ready, all, floors): ([Double], [Double], [Double], [Double]) = ([], [], [], [])
            for run in 0..<plan.runs {
                floors.append(Double(try Child(Child.earshotPath, ["--version"]).waitForEnd()))
                let newcomer = try ChatProcess("n\(run)", state: state, callingOn: present.first?.port)
                try ChatProcess.turn(present + [newcomer]) {
                    newcomer.joinedCount >= count - 1 && newcomer.readyAt != nil
                }
                all.append(Double(newcomer.joinedAt[count - 2]))
                first.append(Double(newcomer.joinedAt[0]))
                ready.append(Double(newcomer.readyAt ?? 0))
                newcomer.child.write("{\"do\":\"quit\"}\n")
                _ = newcomer.child.waitForEnd()
            }
            report.add("\(count) peers") { line in
                for (name, times) in [("first seen", first), ("name settled", ready), ("all seen", all)] {
                    line.add(name, Measurement(times).median, .nanoseconds, spread: Measurement(times).spread)
                }
                line.add("floor", Measurement(floors).median, .nanoseconds, spread: Measurement(floors).spread)
            }
        }
        if !Network.isOwn { report.remarks.append("Without multicast: no private network could be created.") }
        return report
    }
}
