// The tour of the API by the types that openapi-typescript makes of our document, and by openapi-fetch.
// Beside it stands api.d.ts, made of these; prints each call as a line, its method, path and status.

import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";

declare const process: { argv: string[] };

type Problem = components["schemas"]["Problem"];
type Answer<Data> = { data?: Data; error?: Problem; response: Response };
type Api = ReturnType<typeof connect>;

const [base = "", run = ""] = process.argv.slice(2);

function connect(token?: string) {
    const api = createClient<paths>({ baseUrl: base, headers: token ? { Authorization: `Bearer ${token}` } : {} });
    api.use({
        onResponse({ request, response }) {
            console.log(request.method, new URL(request.url).pathname, response.status);
        },
    });
    return api;
}

function got<Data>({ data, error }: Answer<Data>): Data {
    if (data === undefined) {
        throw new Error(JSON.stringify(error));
    }
    return data;
}

function refused<Data>({ error }: Answer<Data>): Problem {
    if (error === undefined) {
        throw new Error("It was not refused.");
    }
    return error;
}

function expect<Value>(seen: Value, wanted: NoInfer<Value>): void {
    if (JSON.stringify(seen) !== JSON.stringify(wanted)) {
        throw new Error(`${JSON.stringify(seen)} is not ${JSON.stringify(wanted)}`);
    }
}

async function login(email: string, password: string): Promise<Api> {
    return connect(got(await connect().POST("/auth/login", { body: { email, password } })).token);
}

function nextMonday(minutes = 0): string {
    const today = new Date();
    const weekday = (today.getUTCDay() + 6) % 7;
    return new Date(
        Date.UTC(today.getUTCFullYear(), today.getUTCMonth(), today.getUTCDate() + 7 - weekday, 10, minutes),
    ).toISOString();
}

async function foundShop(): Promise<void> {
    const operator = await login(`operator${run}@example.com`, "correct-horse-battery");
    const me = got(await operator.GET("/auth/me"));
    expect([me.name, me.role], ["Olivia", "admin"]);
    const shop = got(
        await operator.POST("/organizations", {
            body: {
                name: "Corner Barbers",
                email: `hello${run}@corner.example`,
                timezone: "Europe/Berlin",
                currency: "EUR",
            },
        }),
    );
    const bruno = await operator.POST("/users", {
        body: {
            organization: shop.id,
            role: "admin",
            name: "Bruno",
            email: `bruno${run}@corner.example`,
            password: "towel-and-scissors",
        },
    });
    expect(got(bruno).is_active, true);
}

async function furnish(bruno: Api): Promise<{ tilda: number; kim: number; haircut: number }> {
    const tilda = got(
        await bruno.POST("/users", { body: { role: "staff", name: "Tilda", email: `tilda${run}@corner.example` } }),
    ).id;
    const kim = got(
        await bruno.POST("/users", {
            body: {
                role: "client",
                name: "Kim Weber",
                email: `kim${run}@corner.example`,
                password: "short-on-the-sides",
            },
        }),
    ).id;
    const haircut = got(
        await bruno.POST("/services", { body: { name: "Haircut", duration: 30, price: "45.00", staff: [tilda] } }),
    ).id;
    const hours = got(
        await bruno.POST("/working-hours", { body: { staff: tilda, weekday: 0, starts: "09:00", ends: "17:00" } }),
    );
    expect([hours.starts, hours.ends], ["09:00", "17:00"]);
    return { tilda, kim, haircut };
}

async function book(bruno: Api, client: number, staff: number, service: number): Promise<number> {
    const { id } = got(
        await bruno.POST("/appointments", { body: { client, staff, service, appointment_date: nextMonday() } }),
    );
    const visit = got(await bruno.GET("/appointments/{id}", { params: { path: { id } } }));
    expect(new Date(visit.appointment_date).toISOString(), nextMonday());
    expect([visit.client_name, visit.status, visit.price], ["Kim Weber", "scheduled", "45.00"]);
    return id;
}

async function wantWhatIsTaken(kim: Api, staff: number, service: number): Promise<void> {
    const answer = await kim.POST("/appointments", { body: { staff, service, appointment_date: nextMonday(15) } });
    const { status, code, detail } = refused(answer);
    expect([status, code, detail], [409, "slot_taken", "This time is taken."]);
}

async function pay(kim: Api, bruno: Api, appointment: number): Promise<number> {
    const cash = { appointment, amount: "45.00", payment_method: "cash" } as const;
    expect(refused(await kim.POST("/payments", { body: cash })).code, "permission_denied");
    const card = { ...cash, payment_method: "card", status: "completed" } as const;
    const { id } = got(await bruno.POST("/payments", { body: card }));
    const payment = got(await bruno.GET("/payments/{id}", { params: { path: { id } } }));
    expect([payment.payment_method, payment.status], ["card", "completed"]);
    const problem = refused(await bruno.POST("/payments", { body: cash }));
    expect([problem.code, problem.due, problem.pending], ["overpayment", "0.00", "0.00"]);
    return id;
}

async function repeat(bruno: Api, haircut: number): Promise<void> {
    const shave = { params: { header: { "Idempotency-Key": `shave-${run}` } }, body: { name: "Shave" } };
    expect(got(await bruno.POST("/services", shave)).name, "Shave");
    expect(got(await bruno.POST("/services", shave)).name, "Shave");
    const found = await bruno.GET("/services", { params: { query: { search: "shave", count: true } } });
    expect(got(found).count, 1);
    const dearer = await bruno.PATCH("/services/{id}", {
        params: { path: { id: haircut }, header: { "If-Match": '"9"' } },
        body: { price: "50.00" },
    });
    expect(refused(dearer).code, "version_mismatch");
}

async function refund(bruno: Api, id: number, payment: number): Promise<void> {
    const visit = { params: { path: { id } } };
    const refunded = await bruno.POST("/payments/{payment}/refunds", {
        params: { path: { payment } },
        body: { amount: "10.00", reason: "Half an hour late" },
    });
    expect(got(refunded).amount, "10.00");
    expect(got(await bruno.GET("/appointments/{id}/balance", visit)).due, "10.00");
    expect(got(await bruno.PATCH("/appointments/{id}", { ...visit, body: { price: "40.00" } })).price, "40.00");
    const balance = got(await bruno.GET("/appointments/{id}/balance", visit));
    expect([balance.charge, balance.paid, balance.refunded, balance.due], ["40.00", "45.00", "10.00", "5.00"]);
}

async function payOnline(bruno: Api, appointment: number): Promise<void> {
    const body = { appointment, amount: "5.00", payment_method: "online" } as const;
    const page = got(await bruno.POST("/payments", { body })).checkout_url;
    expect(page?.startsWith(`${base}/payments/simulator/`), true);
}

async function lookUp(bruno: Api, visit: number, client: number): Promise<void> {
    const page = got(
        await bruno.GET("/appointments", {
            params: { query: { status: ["scheduled"], client, ordering: "-appointment_date", limit: 10, count: true } },
        }),
    );
    expect([page.count, page.next, page.results.map(each => each.id)], [1, null, [visit]]);
}

await foundShop();
const bruno = await login(`bruno${run}@corner.example`, "towel-and-scissors");
const { tilda, kim, haircut } = await furnish(bruno);
const visit = await book(bruno, kim, tilda, haircut);
const kimHerself = await login(`kim${run}@corner.example`, "short-on-the-sides");
await wantWhatIsTaken(kimHerself, tilda, haircut);
const payment = await pay(kimHerself, bruno, visit);
await repeat(bruno, haircut);
await refund(bruno, visit, payment);
await payOnline(bruno, visit);
await lookUp(bruno, visit, kim);
